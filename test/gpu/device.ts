/** The GPU that the tests in this folder run on, if there is one. */
import { type Device, devices } from '../../lib/index.js';

export const VULKAN: Device[] = devices().filter(({ backend }) => backend === 'Vulkan');

/** For `describe.skipIf` and the name of what is skipped. */
export const NO_VULKAN = VULKAN.length === 0;
export const WHY = NO_VULKAN
  ? ' (skipped: this build has no Vulkan backend, or this machine no Vulkan device; scripts/gpu/vulkan-software.sh makes both)'
  : '';

/** 1 − cosine to the CPU that each type of weights may make: with quantized ones, each side rounds activations differently. */
export const ALLOWED = { F16: 5e-5, Q8_0: 1e-3, Q4_K_M: 1e-3 } as const;
