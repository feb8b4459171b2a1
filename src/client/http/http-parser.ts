/** The status and headers of a response. */
export interface ResponseHead {
  status: number;
  /** Lowercase names; the values of repeated headers are joined with commas. */
  headers: Record<string, string>;
}

export interface ResponseHandler {
  head(head: ResponseHead): void;
  /** A chunk of the body, without framing. */
  data(bytes: Buffer): void;
}

/** The response is not unambiguous HTTP/1.1: nothing further on this connection can be trusted. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse';

  constructor(what: string) {
    super(`malformed response: ${what}`);
  }
}

/** For a complete head; also for each line between two chunks. */
const MAX_HEAD_BYTES = 64 * 1024;

const LF = 0x0a;

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const headerLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
/** 13 hexadecimal digits are a safe integer. Extensions are allowed and ignored. */
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
 * Parses consecutive HTTP/1.1 responses (RFC 9112) from arbitrary chunks. It is strict where two parsers
 * could disagree: one kind of line ending, one length per body, no line folding. It never handles responses
 * to HEAD or CONNECT.
 */
export class ResponseParser {
  readonly #handler: ResponseHandler;
  #state: ParserState = 'status';
  /** An incomplete line. */
  #line = '';
  #headBytesLeft = MAX_HEAD_BYTES;
  /** Remaining bytes of the body or the chunk. */
  #bytesLeft = 0;
  #status = 0;
  #headers = emptyHeaders();
  #isPersistent = false;

  constructor(handler: ResponseHandler) {
    this.#handler = handler;
  }

  /** Whether the response is complete. */
  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Whether the connection can be reused after a complete response. */
  get isPersistent(): boolean {
    return this.#isPersistent;
  }

  /** Prepares for the next response. */
  next(): void {
    this.#state = 'status';
    this.#headBytesLeft = MAX_HEAD_BYTES;
  }

  /**
   * Returns how many bytes belong to this response. If fewer than given, it is complete and more data
   * followed.
   */
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

  /** Call at the end of the connection. Returns whether it completed the response. */
  end(): boolean {
    if (this.#state === 'rest') this.#state = 'done';
    return this.#state === 'done';
  }

  #readData(bytes: Buffer, from: number): number {
    const to = this.#state === 'rest' ? bytes.length : Math.min(bytes.length, from + this.#bytesLeft);
    this.#bytesLeft -= to - from;
    this.#handler.data(bytes.subarray(from, to));
    if (this.#bytesLeft === 0 && this.#state !== 'rest') {
      this.#state = this.#state === 'chunk' ? 'chunk end' : 'done';
    }
    return to;
  }

  #readLine(bytes: Buffer, from: number): number {
    const end = bytes.indexOf(LF, from);
    const to = end === -1 ? bytes.length : end + 1;
    this.#headBytesLeft -= to - from;
    if (this.#headBytesLeft < 0)
      throw new MalformedResponse(`a head of more than ${MAX_HEAD_BYTES / 1024} KiB`);
    const line = this.#line + bytes.toString('latin1', from, to);
    if (end === -1) {
      this.#line = line;
      return to;
    }
    this.#line = '';
    if (!line.endsWith('\r\n')) throw new MalformedResponse(`a line without CR: ${excerpt(line)}`);
    this.#onLine(line.slice(0, -2));
    return to;
  }

  #onLine(line: string): void {
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
          this.#onHead();
          break;
        }
        const [, name = '', value = ''] = headerLine.exec(line) ?? malformed('header', line);
        const key = name.toLowerCase();
        const before = this.#headers[key];
        this.#headers[key] = before === undefined ? value.trimEnd() : `${before}, ${value.trimEnd()}`;
        break;
      }
      case 'size': {
        const [, digits = ''] = chunkSize.exec(line) ?? malformed('chunk size', line);
        this.#bytesLeft = Number.parseInt(digits, 16);
        this.#headBytesLeft = MAX_HEAD_BYTES;
        this.#state = this.#bytesLeft === 0 ? 'trailer' : 'chunk';
        break;
      }
      case 'chunk end':
        if (line !== '') malformed('chunk end', line);
        this.#state = 'size';
        break;
      case 'trailer':
        // Trailers are ignored.
        if (line === '') this.#state = 'done';
        break;
    }
  }

  #onHead(): void {
    const status = this.#status;
    const headers = this.#headers;
    if (status === 101) throw new MalformedResponse('unexpected switch of protocols');
    if (status < 200) {
      // An informational response. The limit is not reset, so an endless sequence of them is rejected.
      this.#state = 'status';
      return;
    }
    if (/(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(headers.connection ?? '')) this.#isPersistent = false;
    this.#state = this.#bodyOf(status, headers);
    this.#handler.head({ status, headers });
  }

  #bodyOf(status: number, headers: ResponseHead['headers']): ParserState {
    const { 'transfer-encoding': coding, 'content-length': length } = headers;
    if (status === 204 || status === 304) return 'done';
    if (coding !== undefined) {
      if (length !== undefined) throw new MalformedResponse('a body with two lengths');
      if (coding.toLowerCase() !== 'chunked') malformed('transfer-encoding', coding);
      return 'size';
    }
    if (length === undefined) {
      this.#isPersistent = false;
      return 'rest';
    }
    // Also rejects repeated lengths, which were joined to a list.
    if (!/^\d{1,15}$/.test(length)) malformed('content-length', length);
    this.#bytesLeft = Number(length);
    return this.#bytesLeft === 0 ? 'done' : 'body';
  }
}

/** Header names come from the network: none may match an inherited property. */
function emptyHeaders(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

function malformed(what: string, text: string): never {
  throw new MalformedResponse(`not a ${what}: ${excerpt(text)}`);
}

function excerpt(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 77)}...`);
}
