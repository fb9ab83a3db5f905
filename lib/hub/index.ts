/** Downloads from the Hugging Face hub. Loading this room loads the HTTP client: import it on demand. */
export { downloadFiles } from './download.js';
export { withConnection } from './fetch.js';
export { describeFiles } from './files.js';
export { hubModelFile } from './model-file.js';
