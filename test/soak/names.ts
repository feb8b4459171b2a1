/** Independent copies, as in test/e2e/objects.ts: the checks share no names with the product. */
export const names = {
  addresses: 'kube-vip.io/loadbalancerIPs',
  record: 'kube-vip.io/allocation',
  reallocate: 'kube-vip.io/reallocate',
  interface: 'kube-vip.io/serviceInterface',
  label: 'implementation',
  labelled: 'kube-vip',
  /** The number of the last user act on a Service. A change without a new number is one by a controller. */
  act: 'soak.test/act',
} as const;
