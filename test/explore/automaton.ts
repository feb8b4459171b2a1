import { digest, ranksOf, shapeOf } from './canonical.ts';
import { Renaming } from './names.ts';
import { type Input, Process, type ProcessOptions } from './process.ts';
import type { Request, Stream } from './requests.ts';

/** A state of a controller, whatever the names in it. Its own names are those of the process that reached it first. */
export interface Node {
  /** Of its text without names. */
  readonly digest: string;
  readonly tokens: readonly string[];
  readonly requests: readonly Request[];
  readonly streams: readonly Stream[];
  readonly hasTimer: boolean;
  readonly broken: string | undefined;
  /** The inputs with which it was reached first, the last one first. */
  readonly inputs: Inputs | undefined;
  readonly next: Map<string, Edge>;
}

interface Inputs {
  readonly before: Inputs | undefined;
  readonly input: Input;
}

/** What one input leads to, in the names of the node before it. */
interface Edge {
  readonly node: Node;
  readonly tokens: readonly string[];
  /** Only kept for those that hear of merged states. */
  readonly input?: Input;
}

/** A state that was reached with other inputs before. */
export interface MergedNode {
  readonly node: Node;
  readonly inputs: readonly Input[];
  /** The names after these inputs, where the node has its own. */
  readonly tokens: readonly string[];
}

export interface AutomatonOptions extends ProcessOptions {
  readonly merged?: (merged: MergedNode) => void;
}

/** A controller in a world: its state, and the names that the world has for those of the node. */
export class Place {
  readonly node: Node;
  readonly tokens: readonly string[];
  #requests: readonly Request[] | undefined;

  constructor(node: Node, tokens: readonly string[]) {
    this.node = node;
    this.tokens = tokens;
  }

  /** The requests that wait for a response. */
  get requests(): readonly Request[] {
    this.#requests ??= this.node.requests.length === 0 ? [] : this.#toWorld().value(this.node.requests);
    return this.#requests;
  }

  /** From the names of the world to those of the node. */
  toNode(): Renaming {
    return new Renaming(this.tokens, this.node.tokens);
  }

  #toWorld(): Renaming {
    return new Renaming(this.node.tokens, this.tokens);
  }
}

/** Started processes that are kept, so that not every step repeats all inputs. */
const maxLive = 400;

/**
 * The real controller as a graph that is built as far as it is needed: from each state, each input leads to one state. A process
 * cannot be copied, so another one is started and gets the same inputs.
 */
export class Automaton {
  readonly #options: AutomatonOptions;
  readonly #nodes = new Map<string, Node>();
  readonly #live = new Map<Node, Process>();
  /** A process that has just started. */
  readonly start: Place;
  /** How often a process took an input, including repetitions. */
  taken = 0;

  constructor(options: AutomatonOptions) {
    this.#options = options;
    const { node, tokens } = this.#intern(new Process(options), undefined);
    this.start = new Place(node, tokens);
  }

  get size(): number {
    return this.#nodes.size;
  }

  async step(place: Place, input: Input): Promise<Place> {
    const { node } = place;
    const toNode = place.toNode();
    const text = toNode.apply(JSON.stringify(input));
    const key = digest(text);
    let edge = node.next.get(key);
    if (edge === undefined) {
      const process = await this.process(node);
      this.#live.delete(node);
      const renamed = JSON.parse(text) as Input;
      await process.take(renamed);
      this.taken += 1;
      edge = this.#intern(process, { before: node.inputs, input: renamed });
      if (this.#options.merged !== undefined) edge = { ...edge, input: renamed };
      node.next.set(key, edge);
    }
    return new Place(edge.node, toNode.inverse().tokens(edge.tokens));
  }

  /** A process in this state, in the names of the node. It may be changed only by `step`. */
  async process(node: Node): Promise<Process> {
    const live = this.#live.get(node);
    if (live !== undefined) return live;
    const process = await this.replay(inputsOf(node));
    this.#keep(node, process);
    return process;
  }

  async replay(inputs: readonly Input[]): Promise<Process> {
    const process = new Process(this.#options);
    for (const input of inputs) await process.take(input);
    this.taken += inputs.length;
    return process;
  }

  #intern(process: Process, inputs: Inputs | undefined): Edge {
    const shape = shapeOf(process.text());
    const key = `${shape.digest} ${ranksOf(shape.tokens)}`;
    let node = this.#nodes.get(key);
    if (node === undefined) {
      const { requests, watches, hasTimer, broken } = process;
      const streams = [...watches.keys()];
      node = { ...shape, requests, streams, hasTimer, broken, inputs, next: new Map() };
      this.#nodes.set(key, node);
      this.#keep(node, process);
    } else {
      process.stop();
      this.#options.merged?.({ node, inputs: listOf(inputs), tokens: shape.tokens });
    }
    return { node, tokens: shape.tokens };
  }

  #keep(node: Node, process: Process): void {
    this.#live.set(node, process);
    if (this.#live.size <= maxLive) return;
    const [oldest] = this.#live;
    if (oldest === undefined) return;
    this.#live.delete(oldest[0]);
    oldest[1].stop();
  }
}

export function inputsOf(node: Node): Input[] {
  return listOf(node.inputs);
}

function listOf(last: Inputs | undefined): Input[] {
  const inputs: Input[] = [];
  for (let from = last; from !== undefined; from = from.before) inputs.push(from.input);
  return inputs.reverse();
}
