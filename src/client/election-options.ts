/** How a Lease is held, in client-go's terms; checked when the command line is read. */
export interface ElectionOptions {
  readonly lease: { readonly namespace: string; readonly name: string };
  /** How long others wait after the last renewal they saw, before they take the Lease. Whole seconds. */
  readonly leaseDurationMs: number;
  /** How long a leader goes on after the last renewal that succeeded; less than the lease's duration. */
  readonly renewDeadlineMs: number;
  /** Between two renewals, and between two looks at a Lease that somebody else holds. */
  readonly retryPeriodMs: number;
}
