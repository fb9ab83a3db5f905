/** Progress of downloading a file. */
export interface DownloadProgress {
  /** Path in the repository. */
  file: string;
  /** `waiting` for another process that downloads the same file; `downloading`; `checking` the checksum of what arrived. */
  state: 'waiting' | 'downloading' | 'checking';
  /** Bytes that have arrived, those of earlier attempts included, or have been checked. */
  bytesDone: number;
  bytesTotal: number;
}

/** Called with every piece that arrives. */
export type OnDownload = (progress: DownloadProgress) => void;
