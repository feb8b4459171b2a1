/** Put in by scripts/build.ts; when the sources run as they are, there is no such name. */
declare const BUILD_VERSION: string | undefined;

export const version: string = typeof BUILD_VERSION === 'string' ? BUILD_VERSION : 'unbuilt';
