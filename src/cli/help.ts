/** The help texts: at most 80 columns, and each example can be copied as it stands. */

const variables = `Variables
  KUBEVIP_NAMESPACE                      the ConfigMap's namespace [kube-system]
  KUBEVIP_CONFIG_MAP                     the ConfigMap's name [kubevip]
  KUBEVIP_ENABLE_LOADBALANCERCLASS       true: serve one class only [false]
  KUBEVIP_CUSTOM_LOADBALANCERCLASS_NAME  which [kube-vip.io/kube-vip-class]
`;

export const tryHelp = `Shows which address each LoadBalancer Service would get, without a cluster.

Usage
  npm start                        a world of examples
  npm start -- [FLAGS] FILE...     your own manifests, YAML or JSON
  npm start -- [FLAGS] -           the same from standard input

The manifests hold Services and the ConfigMap with the pools. The real
controller runs on them, in an API inside this process; nothing else is touched.
What only a cluster gives (cluster IPs, node ports) is not made up.

Flags
  -o, --output table|json|yaml   json and yaml: the Services as they would then
                                 stand in the cluster, as one List [table]
      --once                     print once and end, also on a terminal
  -h, --help                     this text

${variables}  NO_COLOR                               not empty: no colours

Examples
  npm start -- examples/dual-stack.yaml
  npm start --silent -- -o json my.yaml > then.json
  kubectl get svc,cm -A -o yaml | npm start -- -

Exit code 0 when everything was decided (Services that wait included), 1 when
the input could not be read, 2 for wrong usage.
`;

export const controllerHelp = `kube-vip-cloud-provider gives LoadBalancer Services an address from your pools.

Usage
  node kube-vip-cloud-provider.js [FLAGS]

Without flags it runs inside a cluster, as the Pod's service account.

Flags
  --kubeconfig FILE     run outside a cluster, with the access that FILE gives
  --OutSideCluster      the same with $KUBECONFIG, else ~/.kube/config
  --leader-elect=BOOL   accepted; there is no election yet, so run one replica
                        [false]
  --leader-elect-resource-name NAME
                        this controller's name in its records, one each when
                        several run in a cluster [kube-vip-cloud-controller]
  -v N                  log more, from 0 [0]
  --version             print the version
  -h, --help            this text

${variables}
Exit code 0 after SIGTERM or SIGINT, 1 when it cannot run, 2 for wrong usage.
`;
