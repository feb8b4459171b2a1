import { setTimeout as pause } from 'node:timers/promises';
import type { ApiServer } from '../controlplane/apiserver.ts';
import type { OwnEtcd } from '../controlplane/etcd.ts';
import { Counter } from './counter.ts';
import type { Observer } from './observer.ts';
import type { Replica } from './replica.ts';
import type { TcpProxy } from './tcp-proxy.ts';

/** Faults of the control plane and the network. */
const controlPlaneFaults = [
  'kube-apiserver killed',
  'etcd killed',
  'kube-apiserver and etcd killed',
  'connections cut',
  'connections stalled',
  'connections slow',
] as const;
type ControlPlaneFault = (typeof controlPlaneFaults)[number];

/** Faults of the controllers, always of the leader. */
const controllerFaults = ['controller killed', 'controller frozen', 'controller ended'] as const;
type ControllerFault = (typeof controllerFaults)[number];

export const faults: readonly string[] = [...controlPlaneFaults, ...controllerFaults];

/** A controller, and the network between it and the API server. */
export interface ReplicaSlot {
  readonly proxy: TcpProxy;
  replica: Replica;
  /** Starts another controller in the same slot. */
  restart(): void;
}

export interface FaultsOptions {
  readonly server: ApiServer;
  readonly etcd: OwnEtcd;
  readonly slots: readonly ReplicaSlot[];
  readonly observer: Observer;
  readonly random: () => number;
  /** A factor for the duration of faults and pauses; 1 means several seconds. */
  readonly pace: number;
  /** Called when a fault starts. */
  readonly progress: (fault: string) => void;
}

/**
 * Injects two parallel sequences of faults, one for the control plane and the network, and one for the controllers. Each
 * kind occurs once before one is repeated. A fault that has started is always completed.
 */
export class Faults {
  readonly #options: FaultsOptions;
  /** The faults that took effect. */
  readonly happened = new Counter();

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  /** Injects faults until `isOver`, and waits for the current ones to complete. */
  async inject(isOver: () => boolean, withControllers: boolean): Promise<void> {
    const rows = [
      this.#sequence(controlPlaneFaults, (fault) => this.#injectControlPlaneFault(fault), isOver),
    ];
    if (withControllers)
      rows.push(this.#sequence(controllerFaults, (fault) => this.#injectControllerFault(fault), isOver));
    await Promise.all(rows);
  }

  /** Whether each kind has occurred. */
  isComplete(withControllers: boolean): boolean {
    const wanted: readonly string[] = withControllers ? faults : controlPlaneFaults;
    return wanted.every((fault) => this.happened.of(fault) > 0);
  }

  async #sequence<Kind extends string>(
    kinds: readonly Kind[],
    strike: (kind: Kind) => Promise<void>,
    isOver: () => boolean,
  ): Promise<void> {
    for (;;) {
      const left = [...kinds];
      while (left.length > 0) {
        await this.#between(500, 8_000);
        if (isOver()) return;
        const [kind] = left.splice(Math.floor(this.#options.random() * left.length), 1);
        if (kind === undefined) continue;
        this.#options.progress(kind);
        await strike(kind);
      }
    }
  }

  async #injectControlPlaneFault(fault: ControlPlaneFault): Promise<void> {
    const { server, etcd, slots, observer } = this.#options;
    const proxies = slots.map(({ proxy }) => proxy);
    switch (fault) {
      case 'kube-apiserver killed':
        await server.signal('KILL');
        await this.#between(100, 2_000);
        await server.restart();
        break;
      case 'etcd killed':
        // The API server holds requests until etcd is available.
        observer.delayWrites(true);
        await etcd.kill();
        await this.#between(100, 4_000);
        await etcd.restart();
        observer.delayWrites(false);
        break;
      case 'kube-apiserver and etcd killed':
        await Promise.all([server.signal('KILL'), etcd.kill()]);
        await this.#between(100, 1_000);
        await etcd.restart();
        await server.restart();
        break;
      case 'connections cut': {
        const cut = proxies.reduce((sum, proxy) => sum + proxy.cut(), 0);
        if (cut > 0) this.happened.add(fault);
        return;
      }
      case 'connections stalled':
      case 'connections slow': {
        const held = proxies.reduce((sum, proxy) => sum + proxy.held, 0);
        // One of the two controllers, or both.
        const some = this.#options.random() < 0.5 ? proxies : [this.#leadingSlot.proxy];
        observer.delayWrites(true);
        for (const proxy of some) {
          if (fault === 'connections stalled') proxy.stall();
          else proxy.slow(20 + this.#options.random() * 300);
        }
        await this.#between(1_000, 6_000);
        for (const proxy of some) proxy.calm();
        observer.delayWrites(false);
        if (proxies.reduce((sum, proxy) => sum + proxy.held, 0) > held) this.happened.add(fault);
        return;
      }
    }
    this.happened.add(fault);
  }

  async #injectControllerFault(fault: ControllerFault): Promise<void> {
    const { observer } = this.#options;
    const slot = this.#leadingSlot;
    const { replica } = slot;
    await replica.ready;
    switch (fault) {
      case 'controller frozen':
        observer.delayWrites(true);
        await replica.freeze();
        // Shorter or longer than the Lease is valid.
        await this.#between(500, 7_000);
        await replica.thaw();
        observer.delayWrites(false);
        break;
      case 'controller killed':
        await replica.kill();
        slot.restart();
        break;
      case 'controller ended': {
        const code = await replica.terminate();
        if (code !== 0) throw new Error(`after SIGTERM the exit code is ${code}:\n${replica.output}`);
        slot.restart();
        break;
      }
    }
    this.happened.add(fault);
  }

  get #leadingSlot(): ReplicaSlot {
    const [slot] = this.#options.slots.toSorted((a, b) => b.replica.ledAt - a.replica.ledAt);
    if (slot === undefined) throw new Error('there are no controllers');
    return slot;
  }

  #between(least: number, most: number): Promise<void> {
    return pause(this.#options.pace * (least + this.#options.random() * (most - least)));
  }
}
