/** How many hexadecimal digits an object name has in a repository with SHA-1, git's default. */
const SHA1_DIGITS = 40;

/**
 * The name that git gives content as a blob, byte for byte, without the filters of `.gitattributes`.
 *
 * @param likeOid any object name of the repository: it tells which hash is used.
 */
export async function blobOid(content: Uint8Array, likeOid: string): Promise<string> {
  const header = new TextEncoder().encode(`blob ${content.length}\0`);
  const object = new Uint8Array(header.length + content.length);
  object.set(header);
  object.set(content, header.length);
  const hash = likeOid.length === SHA1_DIGITS ? "SHA-1" : "SHA-256";
  return new Uint8Array(await crypto.subtle.digest(hash, object)).toHex();
}
