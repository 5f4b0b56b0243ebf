// Builds what the browser loads into the server's folder of assets; pages find files by the manifest.
import { defineConfig } from "vite";

export default defineConfig({
  base: "/assets/",
  publicDir: "public",
  build: {
    outDir: "../src/suwen/server/assets",
    emptyOutDir: true,
    assetsDir: ".",
    manifest: true,
    target: "es2022",
    chunkSizeWarningLimit: 4000,
    rollupOptions: {
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
