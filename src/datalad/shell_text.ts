/** Text that a shell is to read as it is, blanks and all: a substitution of git's configuration. */
export class ShellText {
  /** As it was set. */
  readonly text: string;
  /** Whether it came with the dataset's files: then plain words are all that it may be. */
  readonly isOfDataset: boolean;

  /** Keeps a text. */
  constructor(text: string, isOfDataset: boolean) {
    this.text = text;
    this.isOfDataset = isOfDataset;
  }
}
