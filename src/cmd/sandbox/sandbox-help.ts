import { variablesHelp } from '../flags/environment.ts';

/** At most 80 columns, and the examples can be pasted as they are. */
export const sandboxHelp = `Show which address each LoadBalancer Service would get, without a cluster.

Usage
  npm start                        Use the built-in examples.
  npm start -- [FLAGS] FILE...     Use your own manifests, YAML or JSON.
  npm start -- [FLAGS] -           Read manifests from standard input.

The manifests contain Services and the ConfigMap with the pools. The controller
runs against an API inside this process and changes nothing else. Values that
only a cluster assigns (cluster IPs, node ports) are not simulated.

Flags
  -o, --output table|json|yaml   Output format. json and yaml print one List of
                                 the Services as the cluster would store them.
                                 [table]
      --once                     Print once and exit, even on a terminal.
  -h, --help                     Print this help.

${variablesHelp}
Examples
  npm start -- examples/dual-stack.yaml
  npm start --silent -- -o json my.yaml > then.json
  kubectl get svc,cm -A -o yaml | npm start -- -

Exit codes: 0 if every Service was processed, including Services that stay
pending, 1 if the input could not be read, 2 for a usage error.
`;
