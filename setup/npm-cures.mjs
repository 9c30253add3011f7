/** What to do when `npm ci` fails: one line for each cause that we know. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Whether a program of this name lies in PATH. */
export function inPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && existsSync(join(folder, name)));
}

/** npm explains its own options at length after some errors. */
export function withoutUsage(output) {
  return output.split(/^npm error\n?(?=npm error (?:Clean install|Usage|Options))/m)[0];
}

/** The line for what `npm ci` in the folder `root` said. */
export function cure(output, root) {
  if (/gyp ERR|node-gyp|prebuild-install/.test(output)) return compilerCure();
  if (/ENOSPC/.test(output)) return 'npm ci ran out of disk space: free about 1 GB and run this again';
  if (/EACCES|EPERM/.test(output)) return `npm ci may not write: make ${root} writable for this user`;
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED/.test(output)) {
    return 'npm ci could not reach the package registry: check the network (npm ping), then run this again';
  }
  if (/can only install packages when your package.json and package-lock.json/.test(output)) {
    return 'package.json and package-lock.json disagree: run npm install and commit both';
  }
  return 'npm ci failed; what it said is above';
}

function compilerCure() {
  const missing = [
    ...(inPath('python3') || inPath('python') ? [] : ['python3']),
    ...(inPath('make') ? [] : ['make']),
    ...(inPath('c++') || inPath('g++') || inPath('clang++') ? [] : ['g++']),
  ];
  if (missing.length === 0)
    return 'npm ci could not compile a native module; what the compiler said is above';
  return `npm ci could not compile better-sqlite3 without ${missing.join(', ')}: apt-get install ${missing.join(' ')} (macOS: xcode-select --install)`;
}
