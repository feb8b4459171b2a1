import { spawn } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { temporaryFolder } from '../controlplane/temporary.ts';

/** A deliberate fault in the product, and the promise that it breaks. */
export interface Mutant {
  readonly promise: string;
  readonly what: string;
  readonly file: string;
  /** A text that occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** Only controllers with --claims have this fault. */
  readonly claims?: true;
}

export interface Found {
  readonly mutant: Mutant;
  /** The last line of the simulator, with seed, step and the broken promise; undefined if no promise was broken. */
  readonly line: string | undefined;
}

const root = resolve(import.meta.dirname, '..', '..');

/** Plants a mutant in a copy of the sources and runs the simulator on it. */
export async function hunt(mutant: Mutant, steps: number): Promise<Found> {
  const args = ['--steps', String(steps), '--no-shrink', ...(mutant.claims ? ['--claims'] : [])];
  const lines = await runOn(mutant, 'test/simulator/main.ts', args);
  return { mutant, line: lines.find((line) => /^seed \d+, step \d+: /.test(line)) };
}

/**
 * Plants a mutant in a copy of the sources and runs a program there. Returns the lines of its output. Throws if `from` does not occur
 * exactly once.
 */
export async function runOn(mutant: Mutant, program: string, args: readonly string[]): Promise<string[]> {
  const source = readFileSync(join(root, mutant.file), 'utf8');
  const places = source.split(mutant.from).length - 1;
  if (places !== 1) {
    throw new Error(
      `The text for the mutant "${mutant.what}" occurs ${places} times in ${mutant.file}. Update its \`from\`.`,
    );
  }
  const folder = temporaryFolder('kvcp-mutant-');
  try {
    for (const part of ['src', 'test', 'package.json']) {
      cpSync(join(root, part), join(folder.path, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(folder.path, 'node_modules'));
    writeFileSync(
      join(folder.path, mutant.file),
      source.replace(mutant.from, () => mutant.to),
    );
    return await output(join(folder.path, program), args);
  } finally {
    folder.remove();
  }
}

function output(script: string, args: readonly string[]): Promise<string[]> {
  const { promise, resolve: done, reject } = Promise.withResolvers<string[]>();
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  child.once('error', reject);
  child.once('close', (code) => {
    if (code === 0 || code === 1) done(text.split('\n'));
    else reject(new Error(`${script} ended with ${code}`));
  });
  return promise;
}

/** One for each promise (docs/SPEC.md), and one for each rule about pools. */
export const mutants: readonly Mutant[] = [
  {
    promise: 'Once',
    what: 'an address is not reserved while its write is in flight',
    file: 'src/core/decide/allocator.ts',
    from: 'this.#enter(assumed);',
    to: '',
  },
  {
    promise: 'Still',
    what: 'a Service whose pool was removed moves to the pool that applies now',
    file: 'src/core/decide/checks/edits.ts',
    from: 'record.ports === portsText(state.view))',
    to: `record.ports === portsText(state.view)) {
      const key = run.policy.pools[0]?.key;
      const moved = allocate(requestOf(run), facts);
      const isOther = record !== undefined && key !== undefined && record.source !== key;
      if (isOther && 'addresses' in moved) return { desired: assignedFrom(run, 'allocate', moved) };
    }
    if (list === undefined || record === undefined || record.ports === portsText(state.view))`,
  },
  {
    promise: 'Inside',
    what: 'Services of one namespace get addresses from the pool of another',
    file: 'src/core/config/policy.ts',
    from: 'listKeysOf(namespace).find(',
    to: "listKeysOf(namespace === 'c' ? 'a' : namespace).find(",
  },
  {
    promise: 'Free again',
    what: 'a deleted Service stays in the ledger',
    file: 'src/core/decide/allocator.ts',
    from: 'this.#change(state, undefined, {',
    to: 'this.#change(state, state, {',
  },
  {
    promise: 'Served',
    what: 'no pending Service is checked again when an address is released',
    file: 'src/core/decide/allocator.ts',
    from: 'for (const head of this.#pending.firstOfEach(address, isFreed)) this.requeue(head);',
    to: 'void isFreed;',
  },
  {
    promise: 'Crash-proof',
    what: 'a removed ConfigMap is remembered',
    file: 'src/controller/controller.ts',
    from: 'this.allocator.setConfig(config);',
    to: 'if (configMap !== undefined || !this.allocator.isReady) this.allocator.setConfig(config);',
  },
  {
    promise: 'Same',
    what: 'of several contenders, the one that was observed first holds the address',
    file: 'src/core/ledger/address-users.ts',
    from: 'of this.#requesting) {',
    to: `of [...this.#services]
      .filter((one) => requests(one, this.#address))
      .map((one) => this.#ranked(one))
      .sort((a, b) => a.rank - b.rank)) {`,
  },
  {
    promise: 'Alone',
    what: 'an invalid address throws an exception',
    file: 'src/core/decide/checks/handled.ts',
    from: "if (intent.kind !== 'unreadable') return undefined;",
    to: "if (intent.kind !== 'unreadable') return undefined;\n    if (intent.fault.text !== '') throw new Error('cannot be read');",
  },
  {
    promise: 'Hands off',
    what: 'Services of another class are treated as ours',
    file: 'src/core/ledger/service-state.ts',
    from: "if (view.class !== options.class) return 'other-class';",
    to: '',
  },
  {
    promise: 'Said why',
    what: 'nothing is reported for a pending Service',
    file: 'src/controller/reporter.ts',
    from: 'if (!isWarning(decision)) return;',
    to: "if (!isWarning(decision) || decision.kind === 'pending') return;",
  },
  {
    promise: 'Quiet',
    what: 'the reallocation request is not removed',
    file: 'src/core/model/service-patch.ts',
    from: 'if (desired.reallocate === null && view.reallocate) patch.reallocate = null;',
    to: 'if (desired.reallocate === null && view.reallocate) patch.labeled = true;',
  },
  {
    promise: 'Adopt first',
    what: 'a new leader decides before it has listed the Services',
    file: 'src/controller/controller.ts',
    from: 'return session.hasServices && session.hasClaims',
    to: 'return session.hasClaims',
  },
  {
    promise: 'Adopt first',
    what: 'a new leader decides on what it has watched as a standby',
    file: 'src/controller/controller.ts',
    from: '() => this.#endLeadership(0), { once: true });\n    this.#watch();',
    to: '() => this.#endLeadership(0), { once: true });\n    this.follow();',
  },
  {
    promise: 'Free again',
    what: 'what is missing in a list stays in the store',
    file: 'src/core/model/versioned-store.ts',
    from: 'for (const before of missing) change({ key: keyOf(before), before, after: undefined, resourceVersion });',
    to: '',
  },
  {
    promise: 'Free again',
    what: 'the state before a restore of etcd is taken for the newer one',
    file: 'src/core/model/versioned-store.ts',
    from: 'const isRestored = compareVersions(resourceVersion, this.#knownVersion) < 0;',
    to: 'const isRestored = false;',
  },
  {
    promise: 'Crash-proof',
    what: 'after a refused write, the address that it would have assigned stays in use',
    file: 'src/core/decide/allocator.ts',
    from: 'if (state === write.assumed) {',
    to: 'if (state === undefined) {',
  },
  {
    promise: 'Served',
    what: 'Services are not decided again when the pools change',
    file: 'src/core/decide/allocator.ts',
    from: 'this.claimTracker.expire();\n    for (const state of this.ledger.all()) this.#queue.add(state);',
    to: 'this.claimTracker.expire();',
  },
  {
    promise: 'Quiet',
    what: 'a Service that leaves type LoadBalancer keeps its allocation record',
    file: 'src/core/decide/release.ts',
    from: '    record: null,\n',
    to: '',
  },
  {
    promise: 'Quiet',
    what: 'a Service that leaves type LoadBalancer is not queued for cleanup',
    file: 'src/controller/cleanup-reconciler.ts',
    from: '    this.#queue.add(keyOf(view));\n',
    to: '',
  },
  {
    promise: 'Once',
    what: 'a Service with externalTrafficPolicy Local shares its address',
    file: 'src/core/ledger/sharing.ts',
    from: 'return severalAddresses(holder) ?? whyNotSharing(holder, address, config);',
    to: 'return severalAddresses(holder);',
  },
  {
    promise: 'Together',
    what: 'ports that differ only in their protocol conflict',
    file: 'src/core/ledger/sharing.ts',
    from: 'one.view.ports.filter((port) => other.view.ports.includes(port))',
    to: "one.view.ports.filter((port) => other.view.ports.some((p) => p.split('/')[1] === port.split('/')[1]))",
  },
  {
    promise: 'Inside',
    what: 'a Service of one family gets IPv4 wherever its pool has any',
    file: 'src/core/decide/allocation-request.ts',
    from: 'if (families.length > 0) return families.length === 1 ? families : families.slice(0, 1);',
    to: '',
  },
  {
    promise: 'Inside',
    what: 'a Service that requires both families gets one of them',
    file: 'src/core/decide/allocation-request.ts',
    from: "state.view.policy === 'PreferDualStack' ? 'any' : 'each'",
    to: "'any'",
  },
  {
    promise: 'Inside',
    what: 'a Service adopts any address that its status shows',
    file: 'src/core/decide/checks/allocation.ts',
    from: 'spans(policy, address) &&',
    to: 'policy !== undefined &&',
  },
  {
    promise: 'One leader',
    what: 'a standby compares the time in the Lease with its own wall clock',
    file: 'src/client/election.ts',
    from: 'return this.#observed.at + durationMs(this.#observed.lease, options.leaseDurationMs) - clock.now();',
    to: `const renewedAt = Date.parse(String(this.#observed.lease.spec?.renewTime ?? ''));
    return renewedAt + durationMs(this.#observed.lease, options.leaseDurationMs) - clock.wall();`,
  },
  {
    promise: 'Once',
    what: 'a reservation ends while its Service is still in that version',
    file: 'src/core/claims/claim-store.ts',
    from: 'compareVersions(reservation.version, view.resourceVersion) >= 0',
    to: 'compareVersions(reservation.version, view.resourceVersion) > 0',
    claims: true,
  },
  {
    promise: 'Free again',
    what: 'claims without a holder are not deleted',
    file: 'src/core/claims/claim-tracker.ts',
    from: "if (last === undefined) return { kind: 'drop', claim };",
    to: 'if (last === undefined) return undefined;',
    claims: true,
  },
  // Named pools, exclusions, reservations, quotas, and sharing keys.
  {
    promise: 'Inside',
    what: 'an excluded address is given',
    file: 'src/core/config/policy.ts',
    from: 'if (gaps.length === 0) return',
    to: 'return',
  },
  {
    promise: 'Inside',
    what: 'a reserved address is given to another Service',
    file: 'src/core/ledger/reservations.ts',
    from: "this.has(address, 'claimed') || this.has(address, 'external-ip') || this.has(address, 'configured')",
    to: "this.has(address, 'claimed') || this.has(address, 'external-ip')",
  },
  {
    promise: 'Quota',
    what: 'a namespace is given one address more than its quota',
    file: 'src/core/decide/quota-room.ts',
    from: 'Math.max(limit, ',
    to: 'Math.max(limit + 1, ',
  },
  {
    promise: 'Order',
    what: 'the last pool of a list comes first',
    file: 'src/core/config/policy.ts',
    from: 'others.length > 0 ? [others] : []',
    to: 'others.length > 0 ? [others.toReversed()] : []',
  },
  {
    promise: 'Still',
    what: 'an edit of its labels moves a Service',
    file: 'src/core/decide/checks/edits.ts',
    from: 'if (record === undefined || record.pool === state.view.pool) return undefined;',
    to: `if (record === undefined) return undefined;
    const isMoved = run.policy.choice.by === 'label' && !provides(run.policy, addressesOf(list)[0]!);
    if (record.pool === state.view.pool && !isMoved) return undefined;
    const moved = isMoved ? allocate(requestOf(run), facts) : undefined;
    if (moved !== undefined && 'addresses' in moved) return { desired: assignedFrom(run, 'pools', moved) };`,
  },
  {
    promise: 'Once',
    what: 'Services with different sharing keys share an address',
    file: 'src/core/ledger/sharing.ts',
    from: "if (sharingKey === undefined) return isAllowed ? '' : undefined;",
    to: "return isAllowed || sharingKey !== undefined ? '' : undefined;",
  },
  // What an address remembers.
  {
    promise: 'Served',
    what: 'an address that rests is kept from a Service that waits',
    file: 'src/core/decide/free-address.ts',
    from: 'return rested(former, spans, request, pool, facts);',
    to: 'const given = rested(former, spans, request, pool, facts); return given.isResting ? undefined : given;',
  },
  {
    promise: 'Once',
    what: 'a Service comes back to an address that another one has',
    file: 'src/core/decide/free-address.ts',
    from: 'return !ledger.isUsed(address) && !includesAddress(picked, address);',
    to: 'void ledger;\n  return !includesAddress(picked, address);',
  },
  {
    promise: 'Free again',
    what: 'any number of freed addresses is remembered',
    file: 'src/core/ledger/former-holders.ts',
    from: 'this.size > this.limit ?',
    to: 'this.size > this.limit + 1_000 ?',
  },
];
