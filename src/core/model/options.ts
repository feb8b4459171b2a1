/** The options of a controller, compiled once at startup. No other module has defaults of its own. */
export interface Options {
  /** The class of Services to handle; undefined for Services without a class (spec section 8). */
  readonly class: string | undefined;
  /** The ConfigMap with the pools. */
  readonly configMap: { readonly namespace: string; readonly name: string };
  /** The name of this controller in allocation records: the name of its Lease. */
  readonly controller: string;
  /** Whether each address is claimed in the API before it is assigned (docs/decisions/0009). */
  readonly claims: boolean;
  /** How many freed addresses are remembered; undefined for the default. */
  readonly maxFormerHolders?: number;
}

/** With claims, as many IPAddress objects stay. */
export const defaultMaxFormerHolders = 1_000;
