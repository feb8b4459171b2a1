/** Defined by scripts/build.ts; not defined when the sources run directly. */
declare const BUILD_VERSION: string | undefined;

export const version: string = typeof BUILD_VERSION === 'string' ? BUILD_VERSION : 'unbuilt';
