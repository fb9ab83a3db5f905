#!/usr/bin/env node
// Fetches the source of llama.cpp into vendor/llama.cpp and checks it. --force discards local changes there.
import process from 'node:process';
import { fetchLlama } from './lib/fetch-llama.mjs';
import { runMain } from './lib/process.mjs';

await runMain(() => {
  fetchLlama({ force: process.argv.includes('--force') });
});
