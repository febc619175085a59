import h5wasm, { type File as Hdf5File } from 'h5wasm';
import { ModelError } from '../model-error.ts';

/** Where a file stands in h5wasm's memory for as long as a synchronous function has it open. */
const place = '/model.h5';
const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** Groups and headers in the oldest forms, which every HDF5 library since 1.8 reads, as in Keras 2's own files. */
const versions = ['earliest', 'v108'] as const;
/** An object's modification time: message 0x12 of 8 bytes, no flags, version 1, then the seconds. */
const timeMessage = [0x12, 0, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0];

/**
 * Opens an HDF5 file's bytes and reads from it.
 * @throws ModelError where the bytes are no HDF5 file, or a damaged one
 */
export async function readHdf5<T>(bytes: Uint8Array, read: (file: Hdf5File) => T): Promise<T> {
  if (signature.some((byte, i) => bytes[i] !== byte)) {
    throw new ModelError('the file', `${bytes.length} bytes that begin otherwise`, 'an HDF5 file');
  }
  const FS = await loadHdf5();
  FS.writeFile(place, bytes);
  try {
    return withFile(new h5wasm.File(place, 'r'), read);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('HDF5-DIAG'))) throw error;
    const value = `${bytes.length} bytes, damaged`;
    throw new ModelError('the file', value, 'a whole HDF5 file', { cause: error });
  } finally {
    FS.unlink(place);
  }
}

/** The bytes of an HDF5 file that `write` fills: of nothing else, not even of the time. */
export async function writeHdf5(write: (file: Hdf5File) => void): Promise<Uint8Array> {
  const FS = await loadHdf5();
  try {
    withFile(new h5wasm.File(place, 'w', { libver: [...versions] }), write);
    return withoutTimes(FS.readFile(place) as Uint8Array);
  } finally {
    FS.unlink(place);
  }
}

/** h5wasm's file system, with HDF5's own errors thrown (the default prints them and goes on). */
async function loadHdf5() {
  const module = await h5wasm.ready;
  module.activate_throwing_error_handler();
  return module.FS;
}

function withFile<T>(file: Hdf5File, use: (file: Hdf5File) => T): T {
  try {
    return use(file);
  } finally {
    file.close();
  }
}

function withoutTimes(bytes: Uint8Array): Uint8Array {
  for (let at = 0; at < bytes.length; at += 8) {
    if (timeMessage.every((byte, i) => bytes[at + i] === byte)) bytes.fill(0, at + 12, at + 16);
  }
  return bytes;
}
