import { setTimeout as pause } from 'node:timers/promises';
import type { ApiServer } from '../controlplane/apiserver.ts';
import type { OwnEtcd } from '../controlplane/etcd.ts';
import { Counter } from './counter.ts';
import type { Observer } from './observer.ts';
import type { Replica } from './replica.ts';
import type { TcpProxy } from './tcp-proxy.ts';

/** What befalls the control plane and the network. */
const controlPlaneFaults = [
  'kube-apiserver killed',
  'etcd killed',
  'kube-apiserver and etcd killed',
  'connections cut',
  'connections stalled',
  'connections slow',
] as const;
type ControlPlaneFault = (typeof controlPlaneFaults)[number];

/** What befalls the controllers: always the one that leads. */
const controllerFaults = ['controller killed', 'controller frozen', 'controller ended'] as const;
type ControllerFault = (typeof controllerFaults)[number];

export const faults: readonly string[] = [...controlPlaneFaults, ...controllerFaults];

/** A controller, and the network between it and the API server. */
export interface ReplicaSlot {
  readonly proxy: TcpProxy;
  replica: Replica;
  /** Starts another one in the same slot. */
  begin(): void;
}

export interface FaultsOptions {
  readonly server: ApiServer;
  readonly etcd: OwnEtcd;
  readonly slots: readonly ReplicaSlot[];
  readonly observer: Observer;
  readonly random: () => number;
  /** 1 for faults and pauses of some seconds; less for shorter ones. */
  readonly pace: number;
  /** Told when one begins. */
  readonly progress: (fault: string) => void;
}

/**
 * Faults in two rows side by side, one for the control plane and the network, one for the controllers. In each row every
 * kind comes before one comes again. What has begun is always brought to its end.
 */
export class Faults {
  readonly #options: FaultsOptions;
  /** What really happened. */
  readonly happened = new Counter();

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  /** Until it is over, and the fault that is under way has passed. */
  async inject(isOver: () => boolean, withControllers: boolean): Promise<void> {
    const rows = [
      this.#sequence(controlPlaneFaults, (fault) => this.#injectControlPlaneFault(fault), isOver),
    ];
    if (withControllers)
      rows.push(this.#sequence(controllerFaults, (fault) => this.#injectControllerFault(fault), isOver));
    await Promise.all(rows);
  }

  /** Whether each kind has happened. */
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
        // What the API server has accepted waits in it until etcd is back.
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
    await replica.begun;
    switch (fault) {
      case 'controller frozen':
        observer.delayWrites(true);
        await replica.freeze();
        // Shorter than the Lease lasts, or longer: another one leads when it wakes up.
        await this.#between(500, 7_000);
        await replica.thaw();
        observer.delayWrites(false);
        break;
      case 'controller killed':
        await replica.kill();
        slot.begin();
        break;
      case 'controller ended': {
        const code = await replica.terminate();
        if (code !== 0) throw new Error(`after SIGTERM the exit code is ${code}:\n${replica.output}`);
        slot.begin();
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
