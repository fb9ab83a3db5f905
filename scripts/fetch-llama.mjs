#!/usr/bin/env node
// Brings the source of llama.cpp into vendor/llama.cpp and checks it. --force throws local changes there away.
import process from 'node:process';
import { fetchLlama } from './lib/fetch-llama.mjs';
import { runMain } from './lib/process.mjs';

await runMain(() => {
  fetchLlama({ force: process.argv.includes('--force') });
});
