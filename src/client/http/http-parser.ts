/** The head of an answer, which says how long its body is and whether the connection may be used again. */
export interface Head {
  status: number;
  /** Lower-case names; a repeated one's values are joined by a comma. */
  headers: Record<string, string>;
}

export interface Parts {
  head(head: Head): void;
  /** A piece of the body as it came, without framing. */
  data(bytes: Buffer): void;
}

/** What came is not HTTP/1.1, or not unambiguously so: nothing further on this connection can be trusted. */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';

  constructor(what: string) {
    super(`a malformed answer: ${what}`);
  }
}

/** For a whole head; also for each line between two chunks. */
const LONGEST_HEAD = 64 * 1024;

const LF = 0x0a;

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const field = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
/** So many digits are safe integers. Extensions are allowed, and mean nothing. */
const chunkSize = /^([0-9a-fA-F]{1,13})[ \t]*(?:;.*)?$/;

type ParserState =
  | 'status'
  | 'fields'
  | 'body'
  | 'rest'
  | 'size'
  | 'chunk'
  | 'chunk end'
  | 'trailer'
  | 'done';

/**
 * Reads answers in HTTP/1.1 (RFC 9112), one after the other, from bytes in whatever pieces they come. Strict where two
 * readers could understand two things: it has one kind of line end, one length for a body, no line that goes on in
 * the next. Every answer is to a request with a body to come: HEAD and CONNECT are never sent.
 */
export class AnswerParser {
  readonly #parts: Parts;
  #state: ParserState = 'status';
  /** A line whose end has not come yet. */
  #line = '';
  #headLeft = LONGEST_HEAD;
  /** Of the body, or of the chunk. */
  #bytesLeft = 0;
  #status = 0;
  #headers = emptyHeaders();
  #isPersistent = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The answer is whole. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Of a whole answer: another one may follow on the same connection. */
  get isPersistent(): boolean {
    return this.#isPersistent;
  }

  /** The next answer is to come. */
  next(): void {
    this.#state = 'status';
    this.#headLeft = LONGEST_HEAD;
  }

  /** Returns how many bytes belong to this answer: less than all of them means that it is done, and more came. */
  read(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && this.#state !== 'done') {
      switch (this.#state) {
        case 'body':
        case 'chunk':
        case 'rest':
          at = this.#readData(bytes, at);
          break;
        default:
          at = this.#readLine(bytes, at);
      }
    }
    return at;
  }

  /** The connection has ended. Returns whether that was the answer's end, too. */
  end(): boolean {
    if (this.#state === 'rest') this.#state = 'done';
    return this.#state === 'done';
  }

  #readData(bytes: Buffer, from: number): number {
    const to = this.#state === 'rest' ? bytes.length : Math.min(bytes.length, from + this.#bytesLeft);
    this.#bytesLeft -= to - from;
    this.#parts.data(bytes.subarray(from, to));
    if (this.#bytesLeft === 0 && this.#state !== 'rest') {
      this.#state = this.#state === 'chunk' ? 'chunk end' : 'done';
    }
    return to;
  }

  #readLine(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(LF, from);
    const to = end === -1 ? bytes.length : end + 1;
    this.#headLeft -= to - from;
    if (this.#headLeft < 0) throw new MalformedAnswer(`a head of more than ${LONGEST_HEAD / 1024} KiB`);
    const line = this.#line + bytes.toString('latin1', from, to);
    if (end === -1) {
      this.#line = line;
      return to;
    }
    this.#line = '';
    if (!line.endsWith('\r\n')) throw new MalformedAnswer(`a line without CR: ${excerpt(line)}`);
    this.#takeLine(line.slice(0, -2));
    return to;
  }

  #takeLine(line: string): void {
    switch (this.#state) {
      case 'status': {
        const [, minor, status] = statusLine.exec(line) ?? malformed('status line', line);
        this.#status = Number(status);
        this.#headers = emptyHeaders();
        this.#isPersistent = minor === '1';
        this.#state = 'fields';
        break;
      }
      case 'fields': {
        if (line === '') {
          this.#takeHead();
          break;
        }
        const [, name = '', value = ''] = field.exec(line) ?? malformed('header', line);
        const key = name.toLowerCase();
        const before = this.#headers[key];
        this.#headers[key] = before === undefined ? value.trimEnd() : `${before}, ${value.trimEnd()}`;
        break;
      }
      case 'size': {
        const [, digits = ''] = chunkSize.exec(line) ?? malformed('chunk size', line);
        this.#bytesLeft = Number.parseInt(digits, 16);
        this.#headLeft = LONGEST_HEAD;
        this.#state = this.#bytesLeft === 0 ? 'trailer' : 'chunk';
        break;
      }
      case 'chunk end':
        if (line !== '') malformed('chunk end', line);
        this.#state = 'size';
        break;
      case 'trailer':
        // Nobody reads what comes there.
        if (line === '') this.#state = 'done';
        break;
    }
  }

  #takeHead(): void {
    const status = this.#status;
    const headers = this.#headers;
    if (status === 101) throw new MalformedAnswer('another protocol, which nobody asked for');
    if (status < 200) {
      // It announces the answer. The limit goes on: announcements without end are none.
      this.#state = 'status';
      return;
    }
    if (/(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(headers.connection ?? '')) this.#isPersistent = false;
    this.#state = this.#bodyOf(status, headers);
    this.#parts.head({ status, headers });
  }

  #bodyOf(status: number, headers: Head['headers']): ParserState {
    const { 'transfer-encoding': coding, 'content-length': length } = headers;
    if (status === 204 || status === 304) return 'done';
    if (coding !== undefined) {
      if (length !== undefined) throw new MalformedAnswer('a body with two lengths');
      if (coding.toLowerCase() !== 'chunked') malformed('transfer-encoding', coding);
      return 'size';
    }
    if (length === undefined) {
      this.#isPersistent = false;
      return 'rest';
    }
    // Also refuses the list that two lengths have become.
    if (!/^\d{1,15}$/.test(length)) malformed('content-length', length);
    this.#bytesLeft = Number(length);
    return this.#bytesLeft === 0 ? 'done' : 'body';
  }
}

/** Names come from outside: none of them may be found before it was there. */
function emptyHeaders(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

function malformed(what: string, text: string): never {
  throw new MalformedAnswer(`not a ${what}: ${excerpt(text)}`);
}

function excerpt(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 77)}...`);
}
