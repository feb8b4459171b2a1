import type { Child } from '../controlplane/process.ts';
import { lanInterface, type Machine } from './lan.ts';

interface Interface {
  addr_info: { local: string; prefixlen: number; scope: string }[];
}

/** The addresses on the interface of one machine, sampled every 100 ms. Own and link-local addresses are left out. */
export class Samples {
  readonly #child: Child;
  readonly #own: readonly string[];
  /** Each set that differs from the one before. */
  readonly #history: string[][] = [];
  #line = '';

  constructor({ namespace, ipv4, ipv6 }: Machine) {
    this.#own = [ipv4, ipv6];
    const loop = `while ip -json addr show dev ${lanInterface} | tr -d '\\n' && echo; do sleep 0.1; done`;
    this.#child = namespace.start(['sh', '-c', loop], { onOutput: (text) => this.#read(text) });
  }

  #read(text: string): void {
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) {
      // Not what the shell says about a signal, which may follow half a line.
      if (!/^\[.*\]$/.test(line)) continue;
      const [{ addr_info } = { addr_info: [] }] = JSON.parse(line) as Interface[];
      const added = addr_info.filter(({ local, scope }) => scope !== 'link' && !this.#own.includes(local));
      const addresses = added.map(({ local }) => local).sort();
      if (JSON.stringify(addresses) !== JSON.stringify(this.#history.at(-1))) this.#history.push(addresses);
    }
  }

  /** What the interface has now, at most 100 ms ago. */
  get now(): string[] {
    return this.#history.at(-1) ?? [];
  }

  /** Marks the present. The returned function returns the sets since then, beginning with the one of that time. */
  mark(): () => string[][] {
    const from = Math.max(0, this.#history.length - 1);
    return () => this.#history.slice(from);
  }

  async close(): Promise<void> {
    await this.#child.stop('KILL');
  }
}
