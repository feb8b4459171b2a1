import { startApiServer } from '../controlplane/apiserver.ts';
import { locateBinaries } from '../controlplane/binaries.ts';
import { sharedEtcd } from '../controlplane/shared.ts';
import { apiServerVersion } from '../controlplane/versions.ts';
import { contract } from './contract.ts';
import type { Server } from './http.ts';

const { folder, missing } = locateBinaries(process.env);

async function connect(): Promise<Server> {
  const etcd = await sharedEtcd(folder);
  const api = await startApiServer(folder, etcd, { prefix: 'contract' });
  return {
    url: api.url,
    token: api.token,
    ca: api.ca,
    needsNamespaces: true,
    async close() {
      await api.stop();
      await etcd.stop();
    },
  };
}

const skip = `needs ${missing.join(', ')}: \`npm run controlplane\` builds them`;
contract(
  'kube-apiserver',
  connect,
  missing.length > 0 ? { skip } : { minor: apiServerVersion(folder).minor },
);
