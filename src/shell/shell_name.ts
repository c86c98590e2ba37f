import { quote } from "shlex";

/**
 * A file's name as it is to stand in a command that a person is told to run: between double quotes, or, where
 * a shell would read something into it there, quoted as a shell needs it.
 */
export function shellName(name: string): string {
  return /["$`\\!]/.test(name) ? quote(name) : `"${name}"`;
}
