/** The settings of leader election, in client-go's terms; validated with the command line. */
export interface ElectionOptions {
  readonly lease: { readonly namespace: string; readonly name: string };
  /**
   * How long other replicas wait after the last renewal they observed before they acquire the Lease. Whole
   * seconds.
   */
  readonly leaseDurationMs: number;
  /** How long a leader continues after its last successful renewal; less than the lease duration. */
  readonly renewDeadlineMs: number;
  /** Between two renewals, and between two checks of a Lease that another replica holds. */
  readonly retryPeriodMs: number;
}
