/** For `kubectl vip <TAB>`, kubectl runs a program of this name (kubectl's plugin completion). */
export const completionText = `kubectl completes a plugin by running a program named kubectl_complete-vip. The
distribution contains it. To create it yourself, save this script under that
name on your PATH, next to kubectl-vip, and make it executable:

  #!/bin/sh
  exec kubectl vip __complete "$@"

Completion of kubectl itself must be enabled; run "kubectl completion --help".
`;
