/** What a way of installing needs to know about this installation. */
export interface InstallContext {
  /** An empty folder: the way puts the program here, under the program's own name, and may keep more beside it. */
  folder: string;
  /** Another empty folder for downloads; it is removed afterwards. */
  scratch: string;
  env: NodeJS.ProcessEnv;
  /** Takes a short plain line for people; the program's name and version are put before it. */
  onProgress: (line: string) => void;
}

/** One way of getting one version of one program; the tables of `pins.ts` list them in the order in which they are tried. */
export interface InstallWay {
  /** Where it comes from, as in "from the official release". */
  source: string;
  version: string;
  /**
   * Puts the program into the folder.
   * @throws MissingError `setup.wrong-checksum` when what came is not what was pinned; any other error means that this way does
   * not work on this machine, and the next one is tried.
   */
  install: (context: InstallContext) => Promise<void>;
}
