// Builds what the browser loads into the server's folder of assets; pages find files by the manifest.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig } from "vite";

// What the server may send packed: files whose address carries a digest, so that they are the same for everybody.
const LASTING = /-[0-9a-f]{8}\.(js|css|json|svg|wasm)$/;

function packed() {
  return {
    name: "packed",
    apply: "build",
    writeBundle({ dir }, bundle) {
      for (const name of Object.keys(bundle).filter((one) => LASTING.test(one))) {
        const plain = readFileSync(join(dir, name));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(plain, { params }));
        writeFileSync(join(dir, `${name}.gz`), gzipSync(plain, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: "/assets/",
  publicDir: "public",
  plugins: [packed()],
  build: {
    outDir: "../src/suwen/server/assets",
    emptyOutDir: true,
    assetsDir: ".",
    manifest: true,
    target: "es2022",
    chunkSizeWarningLimit: 4000,
    rollupOptions: {
      output: { hashCharacters: "hex" }, // so that no word of a name looks like a digest
      input: {
        app: "src/app.js",
        charts: "src/charts.js",
        heart: "src/heart.js",
        images: "src/images.js",
        molecules: "src/molecules.js",
        patient: "src/patient.js",
        sign_in: "src/sign_in.js",
      },
    },
  },
});
