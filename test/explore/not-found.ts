/** The mutants that no explored world can find, by what they do: why, and the test that finds them instead. */
export const notFound: Readonly<Record<string, { readonly why: string; readonly foundBy: string }>> = {
  'the state before a restore of etcd is taken for the newer one': {
    why: 'In an explored world, no version of the API server is ever lower than an earlier one.',
    foundBy: 'test/core/allocator.test.ts',
  },
  'a standby compares the time in the Lease with its own wall clock': {
    why: 'The Lease of an explored world is a place that is empty or taken. It has no time in it.',
    foundBy: 'test/client/election.test.ts',
  },
};
