import { encodeForId, localId } from "./entity_ids.ts";
import type { Entity } from "./entity.ts";

/** The author of commits as a person; the same one under the same address. */
export function personOf({ name, email }: { name: string; email: string }): Entity {
  const isAddress = /^[^\s@<>]+@[^\s@<>]+$/.test(email);
  return {
    "@id": isAddress ? `mailto:${encodeForId(email).replace("%40", "@")}` : localId("people", name),
    "@type": "Person",
    name: name === "" ? email : name,
    ...(isAddress ? { email } : {}),
  };
}
