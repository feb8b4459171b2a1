/** The names that this program, the Go version, and kube-vip use on objects (spec section 2). */

export const annotations = {
  /** `a` or `a,b`: the addresses that kube-vip announces. If the key is present, kube-vip reads no other field. */
  addresses: 'kube-vip.io/loadbalancerIPs',
  interface: 'kube-vip.io/serviceInterface',
  vlan: 'kube-vip.io/serviceVLAN',
  /** The Lease by which kube-vip elects the node that announces the Service. */
  lease: 'kube-vip.io/leaseName',
  /** The pools that a user chose: their names, separated by commas. One address of each. */
  pool: 'kube-vip.io/pool',
  /** Services of one namespace with the same key go on one address. */
  sharingKey: 'kube-vip.io/sharing-key',
  /** Written by kube-vip: the address that DHCP leased. */
  requestedIP: 'kube-vip.io/requestedIP',
  ignore: 'kube-vip.io/ignore',
  /** Written by this program: the allocation record (allocation-record.ts). */
  allocationRecord: 'kube-vip.io/allocation',
  /** Written by this program on an IPAddress: the controller that claimed it, and its reservations (claim.ts). */
  claim: 'kube-vip.io/claim',
  /** Written by this program on the ConfigMap with the state of the pools: the controller that keeps it. */
  publisher: 'kube-vip.io/published-by',
  /** `"true"` requests a new allocation; `"allocated"` too, unless the address is static. */
  reallocate: 'kube-vip.io/reallocate',
} as const;

export const labels = {
  implementation: 'implementation',
  /** Written by early Go versions. */
  ipamAddress: 'ipam-address',
  /** On an IPAddress: the program that manages it, and its family (KEP-1880). */
  managedBy: 'ipaddress.kubernetes.io/managed-by',
  ipFamily: 'ipaddress.kubernetes.io/ip-family',
} as const;

/** The value of the label `managed-by` on an IPAddress that this program created. */
export const claimManager = 'kube-vip-cloud-provider';

/** The value of the label `implementation` on an assigned Service. */
export const implementation = 'kube-vip';

/** Set by the Go version (cloud-provider/service/helpers). This controller removes it and sets none. */
export const goFinalizer = 'service.kubernetes.io/load-balancer-cleanup';

/** The default class in class mode. */
export const defaultClass = 'kube-vip.io/kube-vip-class';

/** The name of this program as field manager, event source, and user agent. */
export const ownManager = 'kube-vip-cloud-provider';
