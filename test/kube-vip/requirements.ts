import { locateBinaries, type ModuleName } from '../controlplane/binaries.ts';
import { missingPermission } from '../network/network-namespace.ts';

/** Set to 1 where network namespaces are not permitted, to skip the tests with a real kube-vip. */
const excuse = 'WITHOUT_NETWORK_NAMESPACES';

/** Why the tests with a real kube-vip are skipped, or else why each of them fails. */
export function requirements(): { skip?: string; denied?: string } {
  const missing = (['controlplane', 'kubeVip'] satisfies ModuleName[]).flatMap(
    (name) => locateBinaries(process.env, name).missing,
  );
  if (missing.length > 0)
    return { skip: `needs ${missing.join(', ')}: \`npm run controlplane\` builds them` };
  const denied = missingPermission();
  if (denied === undefined) return {};
  if (process.env[excuse] === '1') return { skip: `excused by ${excuse}: ${denied}` };
  return {
    denied:
      `Cannot create network namespaces: ${denied}. Run as root on Linux with iproute2 and util-linux. ` +
      `To run the other tests only, set ${excuse}=1.`,
  };
}
