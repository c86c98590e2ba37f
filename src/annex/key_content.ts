import { sizeOfKey } from "./annex_key.ts";

/** git-annex, "backends": the digest of the content stands in the key; with an E an extension stands behind it. */
const DIGEST_REGEXP =
  /^(MD5|SHA1|SHA256|SHA384|SHA512)E?-(?:[a-zA-Z][0-9]+-)*-([0-9a-f]+)(?:\.[^/]*)?$/;
const ALGORITHMS: Readonly<Record<string, string>> = {
  ...{ SHA1: "SHA-1", SHA256: "SHA-256", SHA384: "SHA-384", SHA512: "SHA-512" },
};

/**
 * Whether content is that of a key.
 *
 * @returns `undefined` where the key does not tell it: that of another backend, as WORM and URL.
 */
export async function isContentOfKey(
  key: string,
  content: Uint8Array,
): Promise<boolean | undefined> {
  const size = sizeOfKey(key);
  if (size !== undefined && size !== content.length) return false;
  const [, backend, digest] = DIGEST_REGEXP.exec(key) ?? [];
  if (backend === undefined) return undefined;
  return digest === await digestOf(backend, content);
}

async function digestOf(backend: string, content: Uint8Array): Promise<string> {
  if (backend === "MD5") {
    // The runtime has none that is quick to load.
    const { md5 } = await import("@noble/hashes/legacy");
    return md5(content).toHex();
  }
  const bytes = content as Uint8Array<ArrayBuffer>;
  return new Uint8Array(await crypto.subtle.digest(ALGORITHMS[backend]!, bytes)).toHex();
}
