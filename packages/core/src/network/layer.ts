/** The twelve layer codes of the network language. */
export type LayerCode = 'A' | 'C' | 'CN' | 'T' | 'DSC' | 'R' | 'M' | 'F' | 'S' | 'D' | 'N' | 'Q';

/** Bits of a weighted layer's kernel, bias and output activations. */
export interface WeightedBits {
  readonly weightBits: number;
  readonly biasBits: number;
  readonly activationBits: number;
}

/** Kernel size and stride of a convolution, in rows and columns. */
export interface ConvolutionWindow {
  readonly kernelRows: number;
  readonly kernelCols: number;
  readonly strideRows: number;
  readonly strideCols: number;
}

export interface PoolLayer {
  readonly code: 'A' | 'M';
  readonly pool: number;
  readonly activationBits: number;
}

/** C (ReLU), CN (no ReLU) or DSC (depthwise, then a 1x1 C). */
export interface ConvolutionLayer extends ConvolutionWindow, WeightedBits {
  readonly code: 'C' | 'CN' | 'DSC';
  readonly filters: number;
}

/** Depthwise convolution without ReLU. */
export interface DepthwiseLayer extends ConvolutionWindow, WeightedBits {
  readonly code: 'T';
  readonly multiplier: number;
}

/** Two same-padded 3x3 convolutions around a skip connection. */
export interface ResidualLayer extends WeightedBits {
  readonly code: 'R';
}

/** F (ReLU) or S (the logits). */
export interface DenseLayer extends WeightedBits {
  readonly code: 'F' | 'S';
  readonly units: number;
}

export interface DropoutLayer {
  readonly code: 'D';
  readonly rate: number;
  readonly activationBits: number;
}

export interface NoiseLayer {
  readonly code: 'N';
  readonly stddev: number;
  readonly activationBits: number;
}

export interface QuantizeLayer {
  readonly code: 'Q';
  readonly activationBits: number;
}

export type Layer =
  | PoolLayer
  | ConvolutionLayer
  | DepthwiseLayer
  | ResidualLayer
  | DenseLayer
  | DropoutLayer
  | NoiseLayer
  | QuantizeLayer;
