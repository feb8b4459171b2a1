import assert from 'node:assert/strict';
import { join } from 'node:path';
import { locateBinaries } from '../controlplane/binaries.ts';
import { type Child, startChild } from '../controlplane/process.ts';
import { eventually } from './eventually.ts';

/** The missing programs that election tests need in addition to the control plane. */
export function missingPeers(): string[] {
  return locateBinaries(process.env, 'peers').missing;
}

/** A candidate that uses client-go's leaderelection, with the Lease and the durations of the controller under test. */
export class Elector {
  readonly #child: Child;
  #text = '';

  constructor(kubeconfig: string, identity: string) {
    const times = ['-lease-duration=4s', '-renew-deadline=3s', '-retry-period=500ms'];
    const args = ['-kubeconfig', kubeconfig, '-identity', identity, ...times];
    const program = join(locateBinaries(process.env, 'peers').folder, 'elector');
    this.#child = startChild(program, args, {
      onOutput: (text) => {
        this.#text += text;
      },
    });
  }

  get isLeading(): boolean {
    return /^\d+ leading$/m.test(this.#text);
  }

  leads(): Promise<void> {
    return eventually(() => assert.ok(this.isLeading, `client-go leads: ${this.#text}`));
  }

  /** Waits until it has observed another leader. */
  follows(): Promise<void> {
    return eventually(() => assert.match(this.#text, /^\d+ leader is .+_/m));
  }

  terminate(): Promise<void> {
    return this.#child.stop('TERM');
  }

  crash(): Promise<void> {
    return this.#child.stop('KILL');
  }
}
