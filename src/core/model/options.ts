/** What a controller was started with, compiled once: nothing downstream has a default of its own. */
export interface Options {
  /** The class whose Services are ours; undefined: those without a class (spec section 8). */
  readonly class: string | undefined;
  /** Where the pools are. */
  readonly configMap: { readonly namespace: string; readonly name: string };
  /** This controller's name in records: its Lease's. */
  readonly controller: string;
  /** Whether each address is claimed in the API before it is given (docs/decisions/0009). */
  readonly claims: boolean;
}
