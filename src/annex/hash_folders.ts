import { md5 } from "@noble/hashes/legacy";

/** Digits and letters that stand for 32 values: git-annex's own, none of which make words. */
const DIGITS = "0123456789zqjxkmvwgpfZQJXKMVWGPF";

/** The two folders that the branch of git-annex has the logs of a key in, as `ab1/2cd` (hashdirlower). */
export function lowerFoldersOf(key: string): string {
  const hash = hashOf(key).toHex();
  return `${hash.slice(0, 3)}/${hash.slice(3, 6)}`;
}

/**
 * The two folders that a work tree has the object of a key in, below `annex/objects`, as `X1/pZ`
 * (hashdirmixed; git-annex, "hashing").
 */
export function mixedFoldersOf(key: string): string {
  const word = new DataView(hashOf(key).buffer).getUint32(0, true);
  const [a, b, c, d] = [0, 6, 12, 18].map((shift) => DIGITS[(word >>> shift) & 31]!);
  return `${b}${a}/${d}${c}`;
}

function hashOf(key: string): Uint8Array {
  return md5(new TextEncoder().encode(key));
}
