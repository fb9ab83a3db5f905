import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { capture, ScriptError } from './process.mjs';

const CMAKE_MINIMUM = [3, 19];
const CXX17_PROBE =
  '#include <filesystem>\n#include <optional>\n[[maybe_unused]] std::optional<std::filesystem::path> probe;\n';

/** How to install the missing tools on this platform. */
const HOW =
  {
    linux: 'on Debian and Ubuntu: `apt install cmake g++ make git`',
    darwin: 'with Apple’s compiler and Homebrew: `xcode-select --install`, `brew install cmake`',
    win32: 'Visual Studio’s Build Tools with "Desktop development with C++" bring both',
  }[/** @type {string} */ (process.platform)] ?? 'with the package manager of your system';

/**
 * Checks that the native part can be built here.
 * @throws {ScriptError} one sentence that names the missing tool and how to install it
 */
export function checkToolchain() {
  checkCMake();
  if (process.platform === 'win32') return; // cmake-js finds Visual Studio itself, and reports when it cannot
  checkCompiler();
  if (!isProgram('ninja') && !isProgram('make')) {
    throw new ScriptError(
      `Neither Ninja nor make was found: install one of them (${HOW}) and run this again.`,
    );
  }
}

function checkCMake() {
  const { ok, out } = capture('cmake', ['--version']);
  if (!ok) throw new ScriptError(`CMake is missing: install it (${HOW}) and run this again.`);
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(out) ?? []).slice(1).map(Number);
  const [needMajor = 0, needMinor = 0] = CMAKE_MINIMUM;
  if (major < needMajor || (major === needMajor && minor < needMinor)) {
    throw new ScriptError(
      `CMake ${major}.${minor} is too old: ${CMAKE_MINIMUM.join('.')} or newer is needed.`,
    );
  }
}

function checkCompiler() {
  const compiler = [process.env.CXX, 'g++', 'clang++'].find(
    (name) => name !== undefined && name !== '' && isProgram(name),
  );
  if (compiler === undefined) {
    throw new ScriptError(`A C++ compiler is missing: install g++ or clang++ (${HOW}) and run this again.`);
  }
  const probe = spawnSync(compiler, ['-std=c++17', '-fsyntax-only', '-x', 'c++', '-'], {
    input: CXX17_PROBE,
  });
  if (probe.status !== 0) {
    throw new ScriptError(
      `${compiler} does not support C++17: install g++ 9, clang 9 or newer (${HOW}), or set CXX to one.`,
    );
  }
}

/** @param {string} name */
function isProgram(name) {
  return capture(name, ['--version']).ok;
}
