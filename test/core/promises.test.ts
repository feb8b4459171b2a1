import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readConfig } from '../../src/core/config/config.ts';
import { reservedIn } from '../../src/core/config/policy.ts';
import { Allocator, type ServiceDecision, type ServiceWork } from '../../src/core/decide/allocator.ts';
import { explainDecision, explainWrite, reasonOf } from '../../src/core/explain/explain-decision.ts';
import { formatAddress, readAddress } from '../../src/core/ip/address.ts';
import { AddressMap } from '../../src/core/ip/address-map.ts';
import { externalIPsOf } from '../../src/core/ledger/external-ips.ts';
import { Ledger } from '../../src/core/ledger/ledger.ts';
import { stateOf } from '../../src/core/ledger/service-state.ts';
import { formatAddressList } from '../../src/core/model/address-list.ts';
import type { Service } from '../../src/core/model/objects.ts';
import type { Options } from '../../src/core/model/options.ts';
import { applyPatch, isEmptyPatch, type ServicePatch } from '../../src/core/model/service-patch.ts';
import { keyOf, type ServiceView, targetOf, viewOf } from '../../src/core/model/service-view.ts';
import {
  adoption,
  allocation,
  canMoveTo,
  heldBy,
  heldIn,
  isAdopted,
  isContender,
  isReservedForOther,
  mayShare,
  requestsInVain,
  shown,
} from './naive.ts';
import { type Data, poolsFor, quotaOf, reservations, settingOf } from './naive-pools.ts';
import { Cluster } from './test-world.ts';
import { anyAddress, anyUserStep, at, edit, type UserStep, withKeys } from './users.ts';

const options: Options = {
  class: undefined,
  configMap: { namespace: 'kube-system', name: 'kubevip' },
  controller: 'test',
  claims: false,
};

type Step =
  | UserStep
  | { do: 'deliver' | 'deliver others' | 'answer' | 'lose' | 'deny'; at: number }
  | { do: 'nodes'; addresses: readonly string[] | undefined }
  | { do: 'relist' | 'relist others' | 'restart' | 'settle' };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 18, arbitrary: anyUserStep },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constantFrom('deliver', 'deliver others', 'answer', 'lose'), at }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deny' as const), at }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('nodes' as const),
      addresses: fc.option(fc.array(anyAddress, { maxLength: 3 }), { nil: undefined }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('relist', 'relist others', 'restart', 'settle', 'settle') }),
  },
);

interface Writing {
  readonly decided: ServiceWork;
  readonly change: ServicePatch;
  readonly view: ServiceView;
}

/** One controller and one cluster, step by step. The promises are checked at each write, and whenever nothing is left to do. */
class Run {
  readonly cluster = new Cluster();
  allocator = new Allocator(options, () => 0);
  writing: Writing[] = [];
  /** The versions of LoadBalancers that a list or a watch has shown to this allocator. */
  shownVersions = new Set<string | undefined>();
  /** The versions up to which the watch of LoadBalancers and that of other Services have reported. */
  seenVersions = { balanced: 0, others: 0 };
  /** The addresses of the Nodes in the API; undefined if they cannot be listed. */
  nodes: AddressMap<string> | undefined;
  /** PATCHes without a response: they may still arrive. */
  lost: Writing[] = [];
  /** The Services whose changes admission denies. */
  readonly denied = new Set<string>();
  /** The versions of Services whose changes were denied: their writes rest. */
  readonly resting = new Map<string, string>();

  constructor() {
    this.relistOthers();
    this.relist();
  }

  step(step: Step): void {
    const { cluster } = this;
    const keys = [...cluster.services.keys()].sort();
    const key = 'at' in step ? (keys[step.at % Math.max(keys.length, 1)] ?? '') : '';
    switch (step.do) {
      case 'create':
        if (!cluster.services.has(keyOf({ namespace: '', ...step.service.metadata })))
          cluster.create(step.service);
        break;
      case 'delete':
        cluster.delete(key);
        break;
      case 'terminate':
        cluster.edit(key, ({ metadata }) => {
          metadata.deletionTimestamp = '2026-02-02T00:00:00Z';
        });
        break;
      case 'configure':
        cluster.data = step.data;
        this.configure();
        break;
      case 'set':
        cluster.data = withKeys(cluster.data, step.keys);
        this.configure();
        break;
      case 'nodes':
        this.nodes = step.addresses && nodesAt(step.addresses);
        break;
      case 'deliver':
        for (let i = 0; i <= step.at; i += 1) this.deliver();
        break;
      case 'answer':
        this.answer(step.at);
        break;
      case 'lose':
        this.lose(step.at);
        break;
      case 'deny':
        this.deny(key);
        break;
      case 'deliver others':
        for (let i = 0; i <= step.at; i += 1) this.deliverOther();
        break;
      case 'relist':
        this.relist();
        break;
      case 'relist others':
        this.relistOthers();
        break;
      case 'restart':
        // kill -9: PATCHes that were sent may still arrive.
        for (const { view, change } of this.writing)
          if (!this.denied.has(keyOf(view))) cluster.patch(view, change);
        this.writing = [];
        this.resting.clear();
        this.lost = [];
        this.allocator = new Allocator(options, () => 0);
        this.shownVersions.clear();
        this.relistOthers();
        this.relist();
        break;
      case 'settle':
        this.settle();
        break;
      default:
        cluster.edit(key, (service) => edit(service, step));
        break;
    }
    this.decide(3);
    this.checkLedger();
  }

  configure(): void {
    const { data } = this.cluster;
    this.allocator.setConfig(
      readConfig(data === undefined ? undefined : { metadata: { name: 'kubevip' }, data }),
    );
  }

  relist(): void {
    this.cluster.events.length = 0;
    const views = [...this.cluster.services.values()]
      .filter(({ spec }) => spec?.type === 'LoadBalancer')
      .map(viewOf);
    for (const { resourceVersion } of views) this.shownVersions.add(resourceVersion);
    this.allocator.replaceServices(views, this.cluster.version);
    this.seenVersions.balanced = Number(this.cluster.version);
    if (!this.allocator.isReady) this.configure();
  }

  /** The list of Services of other types. */
  relistOthers(): void {
    const { services, version } = this.cluster;
    this.allocator.externalIPs.replace(
      [...services.values()].filter(({ spec }) => spec?.type !== 'LoadBalancer').map(externalIPsOf),
      version,
    );
    this.seenVersions.others = Number(version);
  }

  /** The watch of Services of other types is independent of the one of LoadBalancers. */
  deliverOther(): boolean {
    const { externalIPs } = this.allocator;
    const event = this.cluster.log.find(({ version }) => Number(version) > this.seenVersions.others);
    if (event === undefined) return false;
    const { type, service, version } = event;
    if (type === 'put' && service.spec?.type !== 'LoadBalancer') externalIPs.put(externalIPsOf(service));
    else externalIPs.delete(externalIPsOf(service).key, version);
    externalIPs.observed(version);
    this.seenVersions.others = Number(version);
    return true;
  }

  /**
   * Whether a Service has the address as an external IP, whatever the two watches have reported by now. A Service counts once
   * one of them has shown it: a list of LoadBalancers that is newer than the other watch can skip one that changed its type.
   */
  isExternalFor(address: string): string | undefined {
    const { balanced, others } = this.seenVersions;
    const [from, to] = [Math.min(balanced, others), Math.max(balanced, others)];
    const states = new Map<string, boolean>();
    for (const { type, service, version } of this.cluster.log) {
      const { key, addresses } = externalIPsOf(service);
      const isShown = service.spec?.type !== 'LoadBalancer' || this.shownVersions.has(version);
      const has = type === 'put' && isShown && addresses.map(formatAddress).includes(address);
      if (Number(version) <= from) states.set(key, has);
      else if (Number(version) <= to && !has) states.set(key, false);
    }
    return [...states].find(([, has]) => has)?.[0];
  }

  deliver(): void {
    const event = this.cluster.events.shift();
    if (event === undefined) return;
    const { service, version } = event;
    this.allocator.observed(version);
    this.seenVersions.balanced = Number(version);
    this.shownVersions.add(version);
    const { namespace = '', name } = service.metadata;
    // With the field selector, a Service that changes its type is reported as deleted.
    if (event.type === 'put' && service.spec?.type === 'LoadBalancer')
      this.allocator.putService(viewOf(service));
    else this.allocator.deleteService(keyOf({ namespace, name }), version);
  }

  /** Takes up to `limit` decisions and starts their writes. */
  decide(limit: number): number {
    let count = 0;
    for (; count < limit; count += 1) {
      const decided = this.allocator.next(0);
      if (decided === undefined) break;
      const { state, decision } = decided;
      this.checkMessages(decided);
      const change = 'patch' in decision && !isEmptyPatch(decision.patch) ? decision.patch : undefined;
      if (change === undefined || this.resting.get(state.key) === state.view.resourceVersion) {
        decided.work.done();
        continue;
      }
      this.checkWrite(decided);
      // The Nodes are listed before an adoption is written.
      if (decision.kind === 'write' && decision.fromStatus) {
        const { nodes, allocator } = this;
        allocator.setNodes(nodes);
        if (decision.addresses.text.split(',').some((text) => hasAddress(nodes, text))) {
          allocator.requeue(state.key);
          decided.work.done();
          continue;
        }
      }
      this.allocator.assume(decided, change);
      this.writing.push({ decided, change, view: state.view });
    }
    return count;
  }

  /** A write gets its response: success, or a conflict because the Service has changed. */
  answer(at: number): void {
    const [writing] = this.writing.splice(at % Math.max(this.writing.length, 1), 1);
    if (writing === undefined) return;
    const { view, change, decided } = writing;
    const key = keyOf(view);
    if (this.denied.has(key)) {
      this.resting.set(key, view.resourceVersion);
      decided.work.done();
      return;
    }
    const outcome = this.cluster.patch(view, change);
    if (outcome === 'conflict') {
      const now = this.cluster.services.get(key);
      if (now?.spec?.type === 'LoadBalancer') this.allocator.answered(viewOf(now));
    } else if (outcome !== 'gone') {
      const written = viewOf(outcome);
      // The assumed state is exactly the result of the PATCH.
      assert.deepEqual(written, { ...applyPatch(view, change), resourceVersion: written.resourceVersion });
      this.allocator.answered(written);
    }
    decided.work.done();
  }

  /** A write succeeds but its response is lost: the same PATCH is sent again, and is then in conflict. */
  lose(at: number): void {
    const writing = this.writing[at % Math.max(this.writing.length, 1)];
    if (writing === undefined || this.denied.has(keyOf(writing.view))) return;
    this.cluster.patch(writing.view, writing.change);
  }

  /** Admission denies the changes of a Service, or no longer does. */
  deny(key: string): void {
    this.resting.delete(key);
    if (!this.denied.delete(key)) this.denied.add(key);
    this.allocator.requeue(key);
  }

  /** Delivers all events and responses until nothing is left to do. */
  settle(): void {
    for (let rounds = 0; ; rounds += 1) {
      assert.ok(rounds < 2_000, 'the controller does not settle');
      if (this.cluster.events.length > 0) this.deliver();
      else if (this.deliverOther()) continue;
      else if (this.decide(100) === 0 && this.writing.length === 0) break;
      if (this.writing.length > 0) this.answer(rounds);
    }
    this.checkSettled();
  }

  /** The ledger is a cache of a pure function of the current Services. */
  checkLedger(): void {
    const { ledger, config } = this.allocator;
    const scratch = new Ledger();
    for (const state of ledger.all()) {
      scratch.put(state);
      const isWriting = this.writing.some(({ view }) => keyOf(view) === state.key);
      // The one thing that is remembered, until it is restored: a record that was removed.
      const removed = 'removed' in state.intent ? state.intent.removed : undefined;
      if (!isWriting) assert.deepEqual(state, stateOf(state.view, options, state.key, removed));
    }
    for (const reservation of ledger.reservations.all('external-ip')) scratch.reservations.add(reservation);
    scratch.reservations.replaceConfigured(reservedIn(config));
    for (const namespace of ['a', 'b', 'c'])
      assert.equal(ledger.held.count(namespace, undefined), scratch.held.count(namespace, undefined));
    for (const text of everyAddress) {
      const address = readAddress(text);
      assert.ok(address !== undefined);
      const contentOf = (one: Ledger) => {
        const { holders, contenders } = one.holding(address, config);
        const keys = (some: readonly { key: string }[]) => some.map(({ key }) => key);
        return {
          services: keys(one.servicesAt(address)).sort(),
          moved: keys(one.movedFrom(address)).sort(),
          held: ['a', 'b', 'c'].filter((namespace) => one.held.has(namespace, address, undefined)),
          reserved: one.reservedFor(address),
          holders: keys(holders),
          contenders: keys(contenders),
        };
      };
      assert.deepEqual(contentOf(ledger), contentOf(scratch), text);
    }
    for (const pool of config.pools.values()) {
      for (const family of ['IPv4', 'IPv6'] as const) {
        assert.equal(ledger.usage()(family, pool.spans[family]), scratch.usage()(family, pool.spans[family]));
        for (const descending of [true, false]) {
          assert.deepEqual(
            ledger.firstFree(family, pool.spans[family], descending),
            scratch.firstFree(family, pool.spans[family], descending),
          );
        }
      }
      for (const group of ['', 'one', 'a\none']) {
        const shareable = (one: Ledger) => [
          ...one.shareable(group, ['TCP/80'], pool.spans.IPv4, false, config),
        ];
        assert.deepEqual(shareable(ledger), shareable(scratch));
      }
    }
  }

  /** The current Services as objects: as they will be after the writes in flight, and as they are before. */
  effective(): Service[] {
    const views = [...this.allocator.ledger.all()].map(({ view, releasingIPs, requestedIPs, intent }) => {
      // With one IPv4 address before and after, the new one can be shared whatever becomes of the write.
      const isStable =
        releasingIPs.length === 0 ||
        (releasingIPs.length === 1 &&
          releasingIPs.every(({ isOnly }) => isOnly) &&
          requestedIPs.length === 2 &&
          requestedIPs.every(({ family }) => family === 'IPv4'));
      const { metadata, ...service } = objectOf(isStable ? view : { ...view, deleting: true });
      const isRestored = intent.kind === 'annotationRemoved' && intent.removed !== undefined;
      const restored = isRestored ? { 'test/restored': formatAddressList(intent.list) } : {};
      return { ...service, metadata: { ...metadata, annotations: { ...metadata.annotations, ...restored } } };
    });
    // A write that was decided on an older version is rejected. An address that is being released cannot be shared.
    const releasing = this.writing
      .filter(({ view }) => this.allocator.seenVersion(keyOf(view)) === view.resourceVersion)
      .filter(({ view }) => (this.allocator.ledger.get(keyOf(view))?.releasingIPs.length ?? 0) > 0)
      .map(({ view }) =>
        objectOf({
          ...view,
          deleting: true,
          statusIPs: [],
          // A copy holds its address only as long as no other one is given to it.
          labeled: view.labeled && (view.record === undefined || view.record.uid === view.uid),
        }),
      );
    const others = [...this.allocator.ledger.reservations.all('external-ip')].map(
      ({ address }): Service => ({
        metadata: { name: 'other' },
        spec: { type: 'ClusterIP', externalIPs: [formatAddress(address)] },
      }),
    );
    return [...views, ...releasing, ...others];
  }

  /** The promises Once, Inside, Still, and Hands off, for each write. */
  checkWrite({ state, decision }: ServiceDecision): void {
    const { view, key } = state;
    assert.ok('patch' in decision);
    assert.equal(view.class, undefined, 'Hands off: never a Service of another class');
    assert.equal(view.type, 'LoadBalancer');
    if (decision.kind !== 'write') return;
    const all = this.effective();
    const mine = all.find((service) => `${service.metadata.namespace}/${service.metadata.name}` === key);
    assert.ok(mine !== undefined);
    const before = new Set(shown(mine));
    const data = this.cluster.data ?? {};
    const given = decision.addresses.text
      .split(',')
      .filter((address) => address !== '' && address !== '0.0.0.0');
    for (const address of given) {
      if (decision.cause === 'mark-static')
        assert.ok(
          heldBy(mine).includes(address) || !isReservedForOther(data, mine, address),
          `Inside: ${address}, which is reserved, for ${key}`,
        );
      if (decision.cause === 'mark-static' || before.has(address)) continue;
      const pools = poolsFor(data, mine);
      const isOwn = reservations(data).get(address) === key;
      assert.ok(
        isOwn || pools.some(({ IPv4, IPv6 }) => [...IPv4, ...IPv6].includes(address)),
        `Inside: ${address} for ${key}`,
      );
      assert.ok(!isReservedForOther(data, mine, address), `Inside: ${address}, reserved, for ${key}`);
      const user = this.isExternalFor(address);
      // A holder that shares its address may have it as an external IP, too.
      const isPartner = decision.conditions.some(
        (condition) => condition.code === 'shared' && user !== undefined && condition.others.includes(user),
      );
      assert.ok(
        user === undefined || user === key || isPartner,
        `Once: ${address} is an external IP of ${user}`,
      );
      for (const other of all) {
        if (other === mine || !shown(other).includes(address)) continue;
        assert.ok(
          mayShare(data, mine, other, address) ||
            (reservations(data).get(address) === key && requestsInVain(other, address)),
          `Once: ${address} of ${other.metadata.name} was given to ${key}`,
        );
      }
    }
    this.checkQuota(decision, mine, all, data);
    checkMove(view, decision);
    if (state.intent.kind === 'new') checkAnnounced(view, decision, data);
    if (
      decision.cause === 'adopt' ||
      decision.cause === 'update' ||
      decision.cause === 'restore' ||
      decision.cause === 'confirm'
    ) {
      for (const address of given) assert.ok(before.has(address), `Still: ${address} for ${key}`);
    }
    if (view.reallocate === 'allocated' && view.record?.source === 'static' && view.record.uid === view.uid) {
      for (const address of given)
        assert.ok(before.has(address), `Still: ${address} for ${key}, which is static`);
    }
    const isUntouched = !view.labeled && view.record === undefined && !view.reallocate;
    if (state.intent.kind === 'new' && isUntouched && !view.deleting) {
      const known = new Set(everyAddress.filter((text) => hasAddress(this.allocator.nodes, text)));
      // As for sharing, a Service that is being written agrees as what it will be.
      const hasWriteAt = all.filter((other) => shown(other).some((one) => given.includes(one))).length > 2;
      const adopted =
        adoption(data, mine, all, known) ??
        (hasWriteAt ? adoption(data, mine, all.slice(0, this.allocator.ledger.size), known) : undefined);
      assert.equal(decision.fromStatus, adopted && true, `Adopt: ${key}`);
      if (adopted !== undefined) assert.deepEqual(decision.addresses.text.split(','), adopted, key);
      // A new Service gets exactly the addresses of the naive model.
      else if (decision.cause === 'allocate' || decision.cause === 'share')
        assert.deepEqual(decision.addresses.text.split(','), allocation(data, mine, all, { keep: [] }), key);
    }
    const target = targetOf(view);
    if (target !== undefined && decision.cause === 'reallocate') {
      const sorted = (text: string): string[] => text.replaceAll(' ', '').split(',').sort();
      assert.deepEqual(sorted(decision.addresses.text), sorted(target), `Exactly the target: ${key}`);
      return;
    }
    const [left = ''] = before;
    const isAssigned =
      view.annotation === left && view.record?.addresses.text === left && view.record.uid === view.uid;
    const leaves =
      before.size === 1 &&
      !left.includes(':') &&
      !poolsFor(data, mine).some(({ IPv4 }) => IPv4.includes(left));
    if (decision.cause === 'reallocate' && isAssigned && leaves) {
      assert.deepEqual(decision.addresses.text.split(','), allocation(data, mine, all, { left }), key);
    }
    // After an edit of the annotation `kube-vip.io/pool`, what the new pools have as well stays.
    if (decision.cause === 'pools' && view.annotation === view.record?.addresses.text) {
      const keep = (view.annotation ?? '')
        .split(',')
        .filter((ip) => poolsFor(data, mine).some(({ IPv4, IPv6 }) => [...IPv4, ...IPv6].includes(ip)));
      assert.deepEqual(decision.addresses.text.split(','), allocation(data, mine, all, { keep }), key);
    }
    // A Service that never had the address does not go where its holders go.
    if (decision.cause === 'reallocate' && isContender(mine, left, all)) {
      const after = all.slice(0, this.allocator.ledger.size);
      // A Service that is being written agrees to share as what it will be.
      const expected = allocation(data, mine, all) ?? allocation(data, mine, after);
      assert.deepEqual(decision.addresses.text.split(','), expected, key);
    }
  }

  /** The quota is never overrun by what is given, also not for a moment. What is held already is never refused. */
  checkQuota(
    { cause, addresses, fromStatus }: ServiceDecision['decision'] & { kind: 'write' },
    mine: Service,
    all: readonly Service[],
    data: Data,
  ): void {
    if (['adopt', 'restore', 'update', 'confirm'].includes(cause) || fromStatus === true) return;
    const { namespace = '' } = mine.metadata;
    const others = heldIn(
      namespace,
      all.filter((other) => other !== mine),
    );
    const after = new Set([...others, ...addresses.text.split(',').filter((ip) => ip !== '')]).size;
    const most = Math.max(quotaOf(data, namespace), heldIn(namespace, all).size);
    assert.ok(
      after <= most,
      `Quota: ${after} of ${most} in ${namespace} after ${keyOf(mine.metadata as never)}`,
    );
  }

  /** The promise Said why: every decision has a message, and a pending one a reason. */
  checkMessages({ decision }: ServiceDecision): void {
    const message = explainDecision(decision, options);
    if (decision.kind === 'pending' || decision.kind === 'conflict') {
      assert.match(
        message,
        /^(?:\p{Lu}|[\da-f.:]+ is ).*(?:\.| run: kubectl annotate service [a-z]+ --namespace [a-z]+ .*=true)$/u,
      );
      assert.notEqual(reasonOf(decision), '');
    }
    if (decision.kind === 'write') assert.notEqual(explainWrite(decision), '');
  }

  /** What is remembered of a denied Service, whose fields are not restored, counts in the quota of its namespace. */
  hasDeniedInQuota(namespace: string): boolean {
    const isLimited = Number.isFinite(quotaOf(this.cluster.data, namespace));
    return isLimited && [...this.denied].some((key) => key.startsWith(`${namespace}/`));
  }

  /** A change that a Service wants and cannot have, is not possible. */
  checkPendingChange({ state, decision }: ServiceDecision, service: Service, all: readonly Service[]): void {
    if (!('conditions' in decision)) return;
    const pending = decision.conditions.find(({ code }) => code === 'pending-change');
    const { data } = this.cluster;
    if (pending?.code !== 'pending-change' || (pending.change !== 'families' && pending.change !== 'pools'))
      return;
    const pools = poolsFor(data, service);
    const stays = (ip: string): boolean =>
      state.record?.pool === state.view.pool ||
      pools.some(({ IPv4, IPv6 }) => [...IPv4, ...IPv6].includes(ip));
    const keep = decision.addresses.text.split(',').filter(stays);
    assert.equal(
      allocation(data, service, all, { keep }),
      undefined,
      `Served: ${state.key} waits for ${pending.change}, which are available`,
    );
  }

  /** The promises Served, Quiet, Same, Crash-proof, and Free again, when nothing is left to do. */
  checkSettled(): void {
    const all = [...this.cluster.services.values()];
    for (const service of all) {
      const decided = this.allocator.explain(`${service.metadata.namespace}/${service.metadata.name}`);
      if (decided !== undefined) this.checkPendingChange(decided, service, all);
      if (decided?.decision.kind !== 'pending') continue;
      if (this.hasDeniedInQuota(decided.state.view.namespace)) continue;
      const known = new Set(everyAddress.filter((text) => hasAddress(this.allocator.nodes, text)));
      const { data } = this.cluster;
      assert.equal(
        adoption(data, service, all, known) ?? allocation(data, service, all),
        undefined,
        `Served: ${decided.state.key} is pending although an address is available`,
      );
    }
    for (const service of all) {
      const key = `${service.metadata.namespace}/${service.metadata.name}`;
      const decided = this.allocator.explain(key);
      const target = decided && targetOf(decided.state.view);
      if (decided === undefined || target === undefined || this.denied.has(key)) continue;
      if (decided.decision.kind === 'ignore' || decided.state.intent.kind === 'unreadable') continue;
      assert.ok(
        !canMoveTo(this.cluster.data, service, target, all),
        `Served: ${key} stays, although it can move to ${target}: ${JSON.stringify(decided.decision, bigints)} ${JSON.stringify(all)}`,
      );
    }
    // A new controller that reads the Services in another order makes the same decisions and writes nothing.
    const other = new Allocator(options, () => 0);
    const views = all.filter(({ spec }) => spec?.type === 'LoadBalancer').map(viewOf);
    other.setNodes(this.allocator.nodes);
    other.externalIPs.replace(
      all.filter(({ spec }) => spec?.type !== 'LoadBalancer').map(externalIPsOf),
      this.cluster.version,
    );
    other.setConfig(this.allocator.config);
    other.replaceServices(views.toReversed(), this.cluster.version);
    for (let decided = other.next(0); decided !== undefined; decided = other.next(0)) {
      const { state, decision, work } = decided;
      work.done();
      const change = 'patch' in decision ? decision.patch : {};
      // Alone: others do not wait for it.
      if (this.denied.has(state.key)) continue;
      // What is remembered of a denied one decides whether others can share its addresses, and what is said about them.
      const isBesideDenied = state.usedIPs.some((address) =>
        other.ledger.servicesAt(address).some(({ key }) => this.denied.has(key)),
      );
      if (isBesideDenied || this.hasDeniedInQuota(state.view.namespace)) continue;
      assert.ok(
        isEmptyPatch(change),
        `Quiet: ${state.key} would be written again: ${JSON.stringify(decision, bigints)}`,
      );
      assert.deepEqual(decision, this.allocator.explain(state.key)?.decision, `Same: ${state.key}`);
      const service = this.cluster.services.get(state.key);
      if (decision.kind === 'keep')
        assert.ok(service !== undefined && isAdopted(service), `Crash-proof: ${state.key} is not marked`);
    }
    for (const text of everyAddress) {
      const address = readAddress(text);
      assert.ok(address !== undefined);
      const isShown = all.some((service) => shown(service).includes(text));
      assert.equal(
        this.allocator.ledger.servicesAt(address).length > 0 || this.allocator.ledger.isExternalIP(address),
        isShown,
        `Free again: ${formatAddress(address)}`,
      );
    }
  }
}

/** The promise Still: an assigned address only changes for a reason in the Service itself. */
function checkMove(view: ServiceView, { addresses }: { addresses: { text: string } }): void {
  const { record, annotation } = view;
  if (record === undefined || record.uid !== view.uid || annotation !== record.addresses.text) return;
  if (addresses.text === annotation) return;
  const [first = ''] = annotation.split(',');
  const reasons = [
    view.reallocate !== false,
    record.families !== `${view.policy} ${view.families.join()}`,
    record.ports !== view.ports.join(),
    record.pool !== view.pool,
    view.specIP !== undefined && view.specIP !== first,
  ];
  assert.ok(reasons.includes(true), `Still: ${keyOf(view)} had ${annotation} and got ${addresses.text}`);
}

/** Interface, VLAN, and Lease are written with the first address, and never over a value that is there. */
function checkAnnounced(
  view: ServiceView,
  { cause, patch, source }: ServiceDecision['decision'] & { kind: 'write' },
  data: Data,
): void {
  for (const field of ['interface', 'vlan', 'lease'] as const) {
    if (field in patch) assert.equal(view[field], undefined, `Hands off: the ${field} of ${keyOf(view)}`);
    const isFirst = view.record === undefined && !view.labeled && (cause === 'allocate' || cause === 'share');
    const [, pool] = /^pool\.(.*)$/.exec(source) ?? [];
    // A reserved address can be in any pool.
    if (!isFirst || view[field] !== undefined || source.startsWith('reserve-')) continue;
    assert.equal(patch[field], settingOf(data, field, pool, view.namespace), `${field} of ${keyOf(view)}`);
  }
}

const everyAddress = [
  ...Array.from({ length: 11 }, (_, i) => `10.0.0.${i}`),
  '10.0.0.253',
  '10.0.0.254',
  '10.0.0.255',
  '10.0.1.0',
  '10.0.1.1',
  '10.0.1.2',
  '10.9.9.9',
  'fd00::',
  'fd00::1',
  'fd00::2',
  'fd00::3',
  'fd00::4',
];

function nodesAt(addresses: readonly string[]): AddressMap<string> {
  const nodes = new AddressMap<string>();
  for (const text of addresses) nodes.set(readAddress(text) ?? assert.fail(text), 'node');
  return nodes;
}

function hasAddress(nodes: AddressMap<string> | undefined, text: string): boolean {
  const address = readAddress(text);
  return address !== undefined && nodes?.has(address) === true;
}

/** Converts a view to an object for the naive model. */
function objectOf(view: ServiceView): Service {
  const annotations: Record<string, string> = {};
  if (view.annotation !== undefined) annotations['kube-vip.io/loadbalancerIPs'] = view.annotation;
  if (view.record !== undefined) {
    annotations['kube-vip.io/allocation'] = JSON.stringify({
      ips: view.record.addresses.text,
      uid: view.record.uid,
      from: view.record.source,
      was: view.record.was && formatAddress(view.record.was),
    });
  }
  if (view.requestedIP !== undefined) annotations['kube-vip.io/requestedIP'] = view.requestedIP;
  if (view.reallocate)
    annotations['kube-vip.io/reallocate'] =
      targetOf(view) ?? (view.reallocate === 'all' ? 'true' : 'allocated');
  if (view.pool !== undefined) annotations['kube-vip.io/pool'] = view.pool;
  if (view.sharingKey !== undefined) annotations['kube-vip.io/sharing-key'] = view.sharingKey;
  const labels = view.labels.split(',').flatMap((label) => (label === '' ? [] : [label.split('=')]));
  return {
    metadata: {
      namespace: view.namespace,
      name: view.name,
      uid: view.uid,
      creationTimestamp: view.created,
      annotations,
      labels: {
        ...(Object.fromEntries(labels) as Record<string, string>),
        ...(view.labeled ? { implementation: 'kube-vip' } : {}),
      },
      ...(view.deleting ? { deletionTimestamp: 'yes' } : {}),
    },
    spec: {
      type: view.type,
      ...(view.class === undefined ? {} : { loadBalancerClass: view.class }),
      externalIPs: [...view.externalIPs],
      ...(view.specIP === undefined ? {} : { loadBalancerIP: view.specIP }),
      ipFamilies: [...view.families],
      ipFamilyPolicy: view.policy,
      externalTrafficPolicy: view.localTraffic ? 'Local' : 'Cluster',
      ports: view.ports.map((port) => ({
        protocol: port.split('/')[0] ?? '',
        port: Number(port.split('/')[1]),
      })),
    },
    status: { loadBalancer: { ingress: view.statusIPs.map((ip) => ({ ip })) } },
  };
}

function bigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/**
 * RUNS=10000 for a long run. SEED and REPLAY, with the `seed` and `path` of a failure, reproduce it. SHRINK=no prints the first failure as it
 * is: reducing it takes minutes.
 */
const parameters = {
  numRuns: Number(process.env.RUNS ?? 400),
  ...(process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) }),
  ...(process.env.REPLAY === undefined ? {} : { path: process.env.REPLAY }),
  endOnFailure: process.env.SHRINK === 'no',
};

test('the promises hold for random Services, pools, edits, losses and restarts, in any order of events', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 10, maxLength: 60, size: 'max' }), (steps) => {
      const run = new Run();
      for (const step of steps) run.step(step);
      run.settle();
    }),
    parameters,
  );
});

/** Services that share addresses outside a pool that is new, and others in it: then a person moves all into it, in any order. */
interface BulkMove {
  /** The ports of each Service, and its namespace. */
  readonly movers: readonly { namespace: string; ports: { protocol: string; port: number }[] }[];
  /** Those that have an address of the new pool already. */
  readonly others: readonly { namespace: string; ports: { protocol: string; port: number }[] }[];
  /** The size of the new pool. */
  readonly size: number;
  readonly data: Record<string, string>;
  /** What happens before the annotation of each Service. */
  readonly order: readonly { who: number; before: Step[] }[];
}

const anySharer = fc.record({
  namespace: fc.constantFrom('a', 'b'),
  ports: fc
    .uniqueArray(fc.constantFrom('TCP/53', 'UDP/53', 'TCP/80', 'TCP/443'), { minLength: 1, maxLength: 2 })
    .map((ports) =>
      ports.map((text) => ({
        name: text.toLowerCase().replace('/', '-'),
        protocol: text.split('/')[0] ?? '',
        port: Number(text.split('/')[1]),
      })),
    ),
});

const anyInterruption: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('deliver', 'answer', 'lose'), at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('relist', 'restart', 'settle') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('announce' as const), at }) },
);

const anyBulkMove: fc.Arbitrary<BulkMove> = fc
  .record({
    movers: fc.array(anySharer, { minLength: 2, maxLength: 6 }),
    others: fc.array(anySharer, { maxLength: 3 }),
    size: fc.integer({ min: 1, max: 10 }),
    data: fc.record({ 'search-order': fc.constantFrom('asc', 'desc') }, { requiredKeys: [] }),
    seeds: fc.array(fc.tuple(fc.nat(), fc.array(anyInterruption, { maxLength: 5 })), {
      minLength: 6,
      maxLength: 6,
    }),
  })
  .map(({ seeds, ...rest }) => ({
    ...rest,
    data: { ...rest.data } as Record<string, string>,
    order: rest.movers
      .map((_, who) => ({ who, before: seeds[who]?.[1] ?? [], rank: seeds[who]?.[0] ?? 0 }))
      .sort((a, b) => a.rank - b.rank),
  }));

function sharerOf(name: string, { namespace, ports }: BulkMove['movers'][number]): Service {
  return {
    metadata: { namespace, name, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { type: 'LoadBalancer', ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'], ports },
  };
}

/** The Services by address, where they have one. */
function byAddress(services: Iterable<Service>): Map<string, Service[]> {
  const found = new Map<string, Service[]>();
  for (const service of services) {
    const ip = service.metadata.annotations?.['kube-vip.io/loadbalancerIPs'] ?? '';
    found.set(ip, [...(found.get(ip) ?? []), service]);
  }
  return found;
}

test('Services that share an address and are all reallocated come out together, in any order and timing', () => {
  let moves = 0;
  fc.assert(
    fc.property(anyBulkMove, ({ movers, others, size, data, order }) => {
      const run = new Run();
      const configure = (pool: string): void => {
        run.cluster.data = { ...data, 'allow-share-global': 'true', 'cidr-global': pool };
        run.configure();
      };
      const pool = `10.0.0.1-10.0.0.${size}`;
      configure(pool);
      for (const [i, other] of others.entries()) run.cluster.create(sharerOf(`other-${i}`, other));
      run.settle();
      for (const [key, one] of [...run.cluster.services])
        if (one.metadata.annotations === undefined) run.cluster.delete(key);
      configure('10.0.9.1-10.0.9.8');
      for (const [i, mover] of movers.entries()) run.cluster.create(sharerOf(`mover-${i}`, mover));
      run.settle();
      configure(pool);
      run.settle();
      const groups = [...byAddress(run.cluster.services.values())].filter(([ip]) => ip.startsWith('10.0.9.'));
      const there = byAddress(
        [...run.cluster.services.values()].filter(({ metadata }) => metadata.name.startsWith('other')),
      );
      // As many free addresses as Services, or a single group: no other Service takes an address that it needs.
      const isRoomy = size - there.size >= movers.length;
      const canStay = (group: readonly Service[]): boolean =>
        isRoomy ||
        (groups.length === 1 &&
          (there.size < size ||
            [...there.values()].some((holders) =>
              holders.every((holder) => group.every((one) => mayShare(run.cluster.data ?? {}, one, holder))),
            )));
      for (const { who, before } of order) {
        for (const step of before) run.step(step);
        const key = `${movers[who]?.namespace}/mover-${who}`;
        const request = { do: who % 2 === 0 ? 'reallocate' : 'reallocate-allocated', at: 0 } as const;
        run.cluster.edit(key, (service) => edit(service, request));
      }
      run.settle();
      for (const [ip, group] of groups) {
        if (group.length < 2 || !canStay(group)) continue;
        moves += 1;
        const now = group.map(({ metadata: { namespace = '', name } }) => {
          const service = run.cluster.services.get(keyOf({ namespace, name }));
          return service?.metadata.annotations?.['kube-vip.io/loadbalancerIPs'];
        });
        assert.equal(new Set(now).size, 1, `together: those at ${ip} are at ${now.join(' and ')}`);
        assert.ok(now[0]?.startsWith('10.0.0.'));
      }
    }),
    parameters,
  );
  assert.ok(moves > Number(process.env.RUNS ?? 400) / 4, `only ${moves} groups moved`);
});
