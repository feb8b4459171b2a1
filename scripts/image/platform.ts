/** The architectures of the image, by their name in Go, Debian, and OCI. */
export const architectures = ['amd64', 'arm64'] as const;

export type Architecture = (typeof architectures)[number];
