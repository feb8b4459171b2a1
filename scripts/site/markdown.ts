import { Marked, type Token } from 'marked';
import { Anchors } from './anchors.ts';
import { escapeHtml, textOf } from './html.ts';

export interface Heading {
  readonly level: number;
  readonly text: string;
  readonly anchor: string;
}

/** What one heading covers, for the search. */
export interface Section {
  readonly heading: Heading;
  readonly text: string;
}

export interface Rendered {
  readonly html: string;
  readonly sections: readonly Section[];
}

/** Renders a document. `resolve` returns the address of a link or image in it. */
export function renderMarkdown(text: string, resolve: (href: string) => string): Rendered {
  const anchors = new Anchors();
  const headings = new Map<Token, Heading>();
  const marked = new Marked({
    renderer: {
      heading(token) {
        const { anchor, level } = headings.get(token) ?? { anchor: '', level: token.depth };
        const link = `<a class="anchor" href="#${anchor}" aria-label="Link to this section">#</a>`;
        return `<h${level} id="${anchor}">${this.parser.parseInline(token.tokens)} ${link}</h${level}>\n`;
      },
      link({ href, tokens }) {
        return `<a href="${escapeHtml(resolve(href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text: description }) {
        return `<img src="${escapeHtml(resolve(href))}" alt="${escapeHtml(description)}">`;
      },
      code({ text: code, lang = '' }) {
        const language = lang === '' ? '' : ` class="language-${escapeHtml(lang)}"`;
        return `<pre><code${language}>${lang === 'console' ? withPrompts(code) : escapeHtml(code)}\n</code></pre>\n`;
      },
    },
  });
  const tokens = marked.lexer(text);
  for (const token of tokens) {
    if (token.type !== 'heading') continue;
    const anchor = anchors.next(token.text as string);
    const inline = marked.parser([{ ...token, type: 'paragraph' }]);
    headings.set(token, { level: token.depth as number, text: textOf(inline), anchor });
  }
  const parts = tokens.map((token) => ({ token, html: marked.parser([token]) }));
  const sections: { heading: Heading; html: string }[] = [];
  for (const { token, html } of parts) {
    const heading = headings.get(token);
    if (heading !== undefined) sections.push({ heading, html: '' });
    else {
      const last = sections.at(-1);
      if (last !== undefined) last.html += html;
    }
  }
  return {
    html: withTables(parts.map(({ html }) => html).join('')),
    sections: sections.map(({ heading, html }) => ({ heading, text: textOf(html) })),
  };
}

/** A prompt is visible but not selected, so that a command can be pasted. */
function withPrompts(code: string): string {
  return escapeHtml(code).replaceAll(/^\$ /gm, '<span class="prompt">$ </span>');
}

/** A wide table scrolls in a box of its own. A column without a name has no header cell, which a screen reader would announce. */
function withTables(html: string): string {
  return html
    .replaceAll(/<th[^>]*><\/th>/g, '<td></td>')
    .replaceAll(/<thead>\s*<tr>\s*(?:<td><\/td>\s*)+<\/tr>\s*<\/thead>/g, '')
    .replaceAll('<table>', '<div class="table"><table>')
    .replaceAll('</table>', '</table></div>');
}
