/** The names that this program, the Go version and the consumer (kube-vip) share on objects; spec section 2. */

export const annotations = {
  /** `a` or `a,b`: what the consumer announces. If the key is present, it alone decides. */
  addresses: 'kube-vip.io/loadbalancerIPs',
  interface: 'kube-vip.io/serviceInterface',
  /** Written by the consumer: the address that DHCP leased. */
  requestedIP: 'kube-vip.io/requestedIP',
  ignore: 'kube-vip.io/ignore',
  /** Ours: where the address came from and what the Service looked like then (record.ts). */
  allocationRecord: 'kube-vip.io/allocation',
  /** Ours, on an IPAddress: which controller claimed it, and for whom (claim.ts). */
  claim: 'kube-vip.io/claim',
  /** Ours: `"true"` is a person's wish for a fresh allocation. */
  reallocate: 'kube-vip.io/reallocate',
} as const;

export const labels = {
  implementation: 'implementation',
  /** Written by early Go versions. */
  ipamAddress: 'ipam-address',
  /** On an IPAddress: who looks after it, and its family (KEP-1880). */
  managedBy: 'ipaddress.kubernetes.io/managed-by',
  ipFamily: 'ipaddress.kubernetes.io/ip-family',
} as const;

/** The value of the label `managed-by` on an IPAddress that one of our controllers created. */
export const claimManager = 'kube-vip-cloud-provider';

/** The value of the label `implementation` on a served Service. */
export const implementation = 'kube-vip';

/** Set by the Go version (cloud-provider/service/helpers); we set none and remove this one. */
export const goFinalizer = 'service.kubernetes.io/load-balancer-cleanup';

/** The class of the class mode where no other is named. */
export const defaultClass = 'kube-vip.io/kube-vip-class';

/** The name under which this program writes: in managedFields, in Events, as the user agent. */
export const ownManager = 'kube-vip-cloud-provider';
