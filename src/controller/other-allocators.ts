import type { Lease } from '../client/lease-lock.ts';
import type { Allocator } from '../core/decide/allocator.ts';
import { sameRecord } from '../core/model/allocation-record.ts';
import { type ManagedPath, managedPaths, ownerOf } from '../core/model/managed-fields.ts';
import type { Service } from '../core/model/objects.ts';
import type { Options } from '../core/model/options.ts';
import { keyOf, type ServiceView } from '../core/model/service-view.ts';
import { annotations, goFinalizer, ownManager } from '../core/model/well-known-names.ts';
import { quoted } from '../core/text/quote.ts';
import type { WriterContext } from './in-flight-writes.ts';
import type { Reporter } from './reporter.ts';
import { pathOf } from './write-service.ts';

/**
 * What another controller leaves on a Service while this one leads. `record`: an allocation record in the name of this
 * controller. `addresses`: addresses and the label without a record, as from the Go version. `finalizer`: the one of the Go version
 * and of cloud controllers.
 */
export type AllocatorTrace = 'record' | 'addresses' | 'finalizer';

/** The next report is due after this time; findings until then are counted. */
const reportMs = 60_000;

export interface OtherAllocatorsOptions {
  readonly context: Pick<WriterContext, 'api' | 'clock' | 'lease'>;
  readonly allocator: Allocator;
  readonly options: Options;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/**
 * Finds out whether another controller assigns addresses while this one leads: a second process without leader election, or
 * the Go version with another Lease. The first finding is reported at once, after one read that names the field manager.
 */
export class OtherAllocators {
  readonly #options: OtherAllocatorsOptions;
  #isReading = false;
  #reportAt = Number.NEGATIVE_INFINITY;

  constructor(options: OtherAllocatorsOptions) {
    this.#options = options;
  }

  /** Call with two states of a Service, if this replica has written nothing between them. */
  compare(before: ServiceView, after: ServiceView): void {
    const { allocator, options, reporter, context } = this.#options;
    const trace = traceOf(before, after, options.controller);
    if (trace === undefined || this.#isReading) return;
    if (allocator.ledger.get(keyOf(after))?.ignoreReason !== undefined) return;
    if (context.clock.now() < this.#reportAt) reporter.otherAllocation();
    else void this.#report(after, trace);
  }

  async #report(view: ServiceView, trace: AllocatorTrace): Promise<void> {
    const { context, reporter, signal } = this.#options;
    this.#isReading = true;
    try {
      const { metadata } = await context.api.get<Service>(pathOf(view), signal);
      const manager = ownerOf(metadata.managedFields ?? [], paths[trace])?.manager;
      if (!isAllocator(trace, manager)) return;
      this.#reportAt = context.clock.now() + reportMs;
      reporter.otherAllocation();
      const here =
        context.lease === undefined
          ? `This one runs without leader election${await this.#leaseHolder()}.`
          : `This one holds Lease ${context.lease}, so the other one does not use it.`;
      reporter.otherAllocator(view, explainTrace(view, trace, manager, here), manager);
    } catch {
      // The next Service shows it as well.
    } finally {
      this.#isReading = false;
    }
  }

  /** `, and a_1 holds Lease kube-system/…`, if a replica renews the default Lease; otherwise empty. */
  async #leaseHolder(): Promise<string> {
    const { context, options, signal } = this.#options;
    const path = `/apis/coordination.k8s.io/v1/namespaces/${leaseNamespace}/leases/${encodeURIComponent(options.controller)}`;
    try {
      const { spec = {} } = await context.api.get<Lease>(path, signal);
      const { holderIdentity = '', renewTime = '', leaseDurationSeconds = 0 } = spec;
      const isRenewed = Date.parse(renewTime) + leaseDurationSeconds * 1000 > context.clock.wall();
      if (holderIdentity === '' || !isRenewed) return '';
      return `, and ${quoted(holderIdentity)} holds Lease ${leaseNamespace}/${options.controller}`;
    } catch {
      return '';
    }
  }
}

/** The default of --leader-elect-resource-namespace. */
const leaseNamespace = 'kube-system';

const paths: Readonly<Record<AllocatorTrace, ManagedPath>> = {
  record: managedPaths.annotation(annotations.allocationRecord),
  addresses: managedPaths.annotation(annotations.addresses),
  finalizer: managedPaths.finalizer(goFinalizer),
};

function traceOf(before: ServiceView, after: ServiceView, controller: string): AllocatorTrace | undefined {
  if (before.uid !== after.uid || after.type !== 'LoadBalancer') return undefined;
  const { record } = after;
  const isOurs = record?.uid === after.uid && record.controller === controller;
  if (isOurs && (before.record === undefined || !sameRecord(before.record, record))) return 'record';
  if (record === undefined && after.labeled && !before.labeled && after.annotation !== undefined)
    return 'addresses';
  return after.goFinalizers !== undefined && before.goFinalizers === undefined ? 'finalizer' : undefined;
}

/** Not a person, or a tool that restores what was on the Service before. */
function isAllocator(trace: AllocatorTrace, manager: string | undefined): boolean {
  return trace === 'record' ? manager === ownManager : manager?.startsWith('kubectl') !== true;
}

/** What was found, who did it, and what to do. */
function explainTrace(
  { annotation = '', record }: ServiceView,
  trace: AllocatorTrace,
  manager: string | undefined,
  here: string,
): string {
  const who = manager === undefined ? 'its field manager is not known' : `field manager ${quoted(manager)}`;
  const did = {
    record: `assigned ${record?.addresses.text} to this Service (allocation record of ${record?.controller}, ${who})`,
    addresses: `assigned ${quoted(annotation)} to this Service without an allocation record, as the Go version does (${who})`,
    finalizer: `manages this Service: it added the finalizer ${goFinalizer}, as the Go version does (${who})`,
  }[trace];
  return `Another controller ${did}. ${here} Both allocate at the same time and can assign one address twice. Stop one of them, or let both use the same Lease.`;
}
