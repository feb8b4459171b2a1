import { setTimeout as pause } from 'node:timers/promises';
import type { ApiServer } from '../controlplane/apiserver.ts';
import type { OwnEtcd } from '../controlplane/etcd.ts';
import { Tally } from './counter.ts';
import type { Observer } from './observer.ts';
import type { Replica } from './replica.ts';
import type { Link } from './tcp-proxy.ts';

/** What befalls the control plane and the network. */
const planeFaults = [
  'kube-apiserver killed',
  'etcd killed',
  'kube-apiserver and etcd killed',
  'connections cut',
  'connections stalled',
  'connections slow',
] as const;
type PlaneFault = (typeof planeFaults)[number];

/** What befalls the controllers: always the one that leads. */
const machineFaults = ['controller killed', 'controller frozen', 'controller ended'] as const;
type MachineFault = (typeof machineFaults)[number];

export const faults: readonly string[] = [...planeFaults, ...machineFaults];

/** A controller, and the network between it and the API server. */
export interface Place {
  readonly link: Link;
  replica: Replica;
  /** Starts another one in the same place. */
  begin(): void;
}

export interface FaultsOptions {
  readonly server: ApiServer;
  readonly etcd: OwnEtcd;
  readonly places: readonly Place[];
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
  readonly happened = new Tally();

  constructor(options: FaultsOptions) {
    this.#options = options;
  }

  /** Until it is over, and the fault that is under way has passed. */
  async rain(isOver: () => boolean, withControllers: boolean): Promise<void> {
    const rows = [this.#row(planeFaults, (fault) => this.#strikePlane(fault), isOver)];
    if (withControllers) rows.push(this.#row(machineFaults, (fault) => this.#strikeMachine(fault), isOver));
    await Promise.all(rows);
  }

  /** Whether each kind has happened. */
  isComplete(withControllers: boolean): boolean {
    const wanted: readonly string[] = withControllers ? faults : planeFaults;
    return wanted.every((fault) => this.happened.of(fault) > 0);
  }

  async #row<Kind extends string>(
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

  async #strikePlane(fault: PlaneFault): Promise<void> {
    const { server, etcd, places, observer } = this.#options;
    const links = places.map(({ link }) => link);
    switch (fault) {
      case 'kube-apiserver killed':
        await server.signal('KILL');
        await this.#between(100, 2_000);
        await server.restart();
        break;
      case 'etcd killed':
        // What the API server has accepted waits in it until etcd is back.
        observer.holdBack(true);
        await etcd.kill();
        await this.#between(100, 4_000);
        await etcd.restart();
        observer.holdBack(false);
        break;
      case 'kube-apiserver and etcd killed':
        await Promise.all([server.signal('KILL'), etcd.kill()]);
        await this.#between(100, 1_000);
        await etcd.restart();
        await server.restart();
        break;
      case 'connections cut': {
        const cut = links.reduce((sum, link) => sum + link.cut(), 0);
        if (cut > 0) this.happened.add(fault);
        return;
      }
      case 'connections stalled':
      case 'connections slow': {
        const held = links.reduce((sum, link) => sum + link.held, 0);
        // One of the two controllers, or both.
        const some = this.#options.random() < 0.5 ? links : [this.#leading.link];
        observer.holdBack(true);
        for (const link of some) {
          if (fault === 'connections stalled') link.stall();
          else link.slow(20 + this.#options.random() * 300);
        }
        await this.#between(1_000, 6_000);
        for (const link of some) link.calm();
        observer.holdBack(false);
        if (links.reduce((sum, link) => sum + link.held, 0) > held) this.happened.add(fault);
        return;
      }
    }
    this.happened.add(fault);
  }

  async #strikeMachine(fault: MachineFault): Promise<void> {
    const { observer } = this.#options;
    const place = this.#leading;
    const { replica } = place;
    await replica.begun;
    switch (fault) {
      case 'controller frozen':
        observer.holdBack(true);
        await replica.freeze();
        // Shorter than the Lease lasts, or longer: another one leads when it wakes up.
        await this.#between(500, 7_000);
        await replica.thaw();
        observer.holdBack(false);
        break;
      case 'controller killed':
        await replica.kill();
        place.begin();
        break;
      case 'controller ended': {
        const code = await replica.terminate();
        if (code !== 0) throw new Error(`after SIGTERM the exit code is ${code}:\n${replica.output}`);
        place.begin();
        break;
      }
    }
    this.happened.add(fault);
  }

  get #leading(): Place {
    const [place] = this.#options.places.toSorted((a, b) => b.replica.ledAt - a.replica.ledAt);
    if (place === undefined) throw new Error('there are no controllers');
    return place;
  }

  #between(least: number, most: number): Promise<void> {
    return pause(this.#options.pace * (least + this.#options.random() * (most - least)));
  }
}
