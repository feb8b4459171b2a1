import { part as churn } from './parts/churn.ts';
import { part as cluster } from './parts/cluster.ts';
import { part as core } from './parts/core.ts';
import { part as drain } from './parts/drain.ts';
import { part as growth } from './parts/growth.ts';
import { part as page } from './parts/page.ts';
import { part as plugin } from './parts/plugin.ts';
import { part as pools } from './parts/pools.ts';
import { part as silence } from './parts/silence.ts';
import { part as size } from './parts/size.ts';
import { part as takeover } from './parts/takeover.ts';
import { part as transport } from './parts/transport.ts';

/** In the order in which they run. */
export const parts = {
  core,
  growth,
  cluster,
  size,
  churn,
  takeover,
  silence,
  transport,
  plugin,
  drain,
  page,
  pools,
};

export type PartName = keyof typeof parts;

export const partNames = Object.keys(parts) as readonly PartName[];

type Result<P extends PartName> = Awaited<ReturnType<(typeof parts)[P]['measure']>>;

/** The results of the parts that ran. */
export type Figures = { readonly [P in PartName]?: readonly Result<P>[] };
