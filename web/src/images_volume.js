// Three planes and a volume by NiiVue (BSD-2-Clause), loaded only when somebody asks for them; outlines lie over both.
import { NVImage, Niivue, SLICE_TYPE } from "@niivue/niivue";
import { table } from "./images_labels.js";

export async function begin(canvas, given, part, view) {
  part("volume-box").hidden = false;
  if (!canvas.getContext("webgl2")) throw new Error("WebGL 2");
  const drawn = new Niivue({
    backColor: [0, 0, 0, 1], show3Dcrosshair: true, isResizeCanvas: true, dragAndDropEnabled: false, loadingText: "",
    isOrientCube: false, logLevel: "error", crosshairWidth: 0.3, crosshairWidthUnit: "percent", isColorbar: false,
    isRadiologicalConvention: true, // the patient's right at the left, as in the view above
  });
  await drawn.attachToCanvas(canvas);
  await drawn.loadFromArrayBuffer(await fetched(`${given.at}/volume.nii.gz`), "volume.nii.gz");
  const first = given.facts.windows[0];
  drawn.volumes[0].cal_min = first.centre - first.width / 2;
  drawn.volumes[0].cal_max = first.centre + first.width / 2;
  const outlines = await over(drawn, view.labels.sources);
  drawn.updateGLVolume();
  drawn.setSliceType(SLICE_TYPE.MULTIPLANAR);
  part("volume-planes").addEventListener("click", () => drawn.setSliceType(SLICE_TYPE.MULTIPLANAR));
  part("volume-render").addEventListener("click", () => drawn.setSliceType(SLICE_TYPE.RENDER));
  part("volume-choice").hidden = false;
  canvas.drawn = drawn;
  canvas.dataset.outlines = String(outlines.length);
  return {
    recolour() {
      for (const { image, layers } of outlines) image.setColormapLabel(table(layers));
      drawn.updateGLVolume();
    },
    // The cross goes to the middle of a place; the library counts to the right and the front, DICOM to the left and back.
    go({ lps }) {
      if (!lps) return;
      drawn.scene.crosshairPos = drawn.mm2frac([-lps[0], -lps[1], lps[2]]);
      drawn.updateGLVolume();
    },
  };
}

async function fetched(address) {
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.arrayBuffer();
}

async function over(drawn, sources) {
  const found = [];
  for (const [at, layers] of [...sources].reverse()) { // the last lies on top
    const image = await NVImage.new(await fetched(`${at}/volume.nii.gz`), "outlines.nii.gz", "gray", 0.5);
    image.setColormapLabel(table(layers));
    drawn.addVolume(image);
    found.push({ image, layers });
  }
  return found;
}
