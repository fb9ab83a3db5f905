/** The GPU that the tests in this folder run on, if there is one. */
import { type Device, devices } from '../../lib/index.js';

const GPU: Device | undefined = devices().find(({ backend }) =>
  ['Vulkan', 'CUDA', 'Metal'].includes(backend),
);

/** For the option `backend`. */
export const BACKEND = (GPU?.backend.toLowerCase() ?? 'vulkan') as 'vulkan' | 'cuda' | 'metal';
/** The first device of the backend, e.g. "Vulkan0". */
export const DEVICE = GPU?.name ?? '';

/** For `describe.skipIf` and the name of what is skipped. */
export const NO_GPU = GPU === undefined;
export const WHY = NO_GPU
  ? ' (skipped: this build has no backend for GPUs, or this machine no device; scripts/gpu/vulkan-software.sh makes both)'
  : '';
export const NOT_VULKAN = BACKEND !== 'vulkan';
export const WHY_VULKAN = NOT_VULKAN ? ' (skipped: takes a Vulkan device)' : '';

/** 1 − cosine to the CPU that each type of weights may make: with quantized ones, each side rounds activations differently. */
export const ALLOWED = { F16: 5e-5, Q8_0: 1e-3, Q4_K_M: 1e-3 } as const;
