import { variablesHelp } from '../flags/environment.ts';

export const sandboxHelp = `Shows which address each LoadBalancer Service would get, without a cluster.

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

${variablesHelp}
Examples
  npm start -- examples/dual-stack.yaml
  npm start --silent -- -o json my.yaml > then.json
  kubectl get svc,cm -A -o yaml | npm start -- -

Exit code 0 when everything was decided (Services that wait included), 1 when
the input could not be read, 2 for wrong usage.
`;
