/** Spelled out here once more, as in test/e2e/objects.ts: the judge shares no name with the product. */
export const names = {
  addresses: 'kube-vip.io/loadbalancerIPs',
  record: 'kube-vip.io/allocation',
  reallocate: 'kube-vip.io/reallocate',
  interface: 'kube-vip.io/serviceInterface',
  label: 'implementation',
  labelled: 'kube-vip',
  /** Ours: the number of the user's act that wrote a Service last. What changes without it was written by a controller. */
  act: 'soak.test/act',
} as const;
