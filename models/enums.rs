//! The closed-looking sets of values that are open in practice.

use crate::codec::open_enum::open_enum;

open_enum! {
    /// How far a job has come.
    JobStatus {
        /// Accepted; the result is still to come.
        Pending = "PENDING",
        /// Done, and the result is there.
        Complete = "COMPLETE",
        /// Over, without a result.
        Failed = "FAILED",
    }
    default = Self::Unknown(String::new());
}

open_enum! {
    /// The look that a generation is given.
    ///
    /// With alchemy switched off, only [`Leonardo`](Self::Leonardo) and [`None`](Self::None) work. With alchemy, these
    /// do: anime, creative, dynamic, environment, general, illustration, photography, raytraced, 3D render, both
    /// sketches and none. PhotoReal has a list of its own. The default is dynamic.
    PresetStyle {
        /// Japanese animation.
        Anime = "ANIME",
        /// A sharp subject in front of a soft background.
        Bokeh = "BOKEH",
        /// A scene out of a film.
        Cinematic = "CINEMATIC",
        /// A scene out of a film, close to the subject.
        CinematicCloseup = "CINEMATIC_CLOSEUP",
        /// Free interpretation.
        Creative = "CREATIVE",
        /// Lively; what is used when nothing is asked for.
        Dynamic = "DYNAMIC",
        /// Landscapes and places.
        Environment = "ENVIRONMENT",
        /// Fashion shots.
        Fashion = "FASHION",
        /// Analogue film.
        Film = "FILM",
        /// Food photography.
        Food = "FOOD",
        /// For all purposes.
        General = "GENERAL",
        /// High dynamic range.
        Hdr = "HDR",
        /// Drawn illustration.
        Illustration = "ILLUSTRATION",
        /// The house style, for use without alchemy.
        Leonardo = "LEONARDO",
        /// Long exposure.
        LongExposure = "LONG_EXPOSURE",
        /// Macro photography.
        Macro = "MACRO",
        /// Sparse.
        Minimalistic = "MINIMALISTIC",
        /// A single hue.
        Monochrome = "MONOCHROME",
        /// Dark and atmospheric.
        Moody = "MOODY",
        /// No style at all.
        None = "NONE",
        /// Restrained.
        Neutral = "NEUTRAL",
        /// Photography.
        Photography = "PHOTOGRAPHY",
        /// Portraits.
        Portrait = "PORTRAIT",
        /// Ray tracing.
        Raytraced = "RAYTRACED",
        /// Rendered from a 3D model.
        Render3d = "RENDER_3D",
        /// Looks of past decades.
        Retro = "RETRO",
        /// A sketch in black and white.
        SketchBw = "SKETCH_BW",
        /// A sketch in colour.
        SketchColor = "SKETCH_COLOR",
        /// Stock photography.
        StockPhoto = "STOCK_PHOTO",
        /// Strong colours.
        Vibrant = "VIBRANT",
        /// Without finishing touches.
        Unprocessed = "UNPROCESSED",
    }
    default = Self::Dynamic;
}

open_enum! {
    /// The family that a model belongs to. The default is Stable Diffusion 1.5.
    SdVersion {
        /// Stable Diffusion 1.5.
        V1_5 = "v1_5",
        /// Stable Diffusion 2.1.
        V2 = "v2",
        /// Stable Diffusion 3.
        V3 = "v3",
        /// Stable Diffusion XL 0.8.
        Sdxl0_8 = "SDXL_0_8",
        /// Stable Diffusion XL 0.9.
        Sdxl0_9 = "SDXL_0_9",
        /// Stable Diffusion XL 1.0.
        Sdxl1_0 = "SDXL_1_0",
        /// Stable Diffusion XL, the fast variety.
        SdxlLightning = "SDXL_LIGHTNING",
        /// Phoenix.
        Phoenix = "PHOENIX",
        /// Flux.
        Flux = "FLUX",
        /// Flux, the development variety.
        FluxDev = "FLUX_DEV",
        /// Kino 2.0.
        Kino2_0 = "KINO_2_0",
    }
    default = Self::V1_5;
}

open_enum! {
    /// The sampler that takes the steps of a generation. The default is Euler (discrete).
    Scheduler {
        /// KLMS.
        Klms = "KLMS",
        /// Euler, ancestral and discrete.
        EulerAncestralDiscrete = "EULER_ANCESTRAL_DISCRETE",
        /// Euler, discrete.
        EulerDiscrete = "EULER_DISCRETE",
        /// DDIM.
        Ddim = "DDIM",
        /// DPM solver.
        DpmSolver = "DPM_SOLVER",
        /// PNDM.
        Pndm = "PNDM",
        /// The service's own.
        Leonardo = "LEONARDO",
    }
    default = Self::EulerDiscrete;
}

open_enum! {
    /// What the deprecated single controlnet looks at; the `controlnets` list took its place.
    ControlnetType {
        /// Body pose.
        Pose = "POSE",
        /// Edges.
        Canny = "CANNY",
        /// Depth.
        Depth = "DEPTH",
    }
}

open_enum! {
    /// What the Canvas Editor is asked to do.
    CanvasRequestType {
        /// Fill in the masked part.
        Inpaint = "INPAINT",
        /// Go on beyond the edges.
        Outpaint = "OUTPAINT",
        /// Turn a sketch into an image.
        Sketch2Img = "SKETCH2IMG",
        /// Turn an image into another.
        Img2Img = "IMG2IMG",
    }
}

open_enum! {
    /// Whether parts of an image are see-through.
    Transparency {
        /// Everything is opaque.
        Disabled = "disabled",
        /// Only the foreground is painted.
        ForegroundOnly = "foreground_only",
    }
}

open_enum! {
    /// Where a guiding image comes from.
    InitImageType {
        /// The service made it.
        Generated = "GENERATED",
        /// The caller uploaded it.
        Uploaded = "UPLOADED",
    }
}

open_enum! {
    /// How much a style, character or content reference counts.
    StrengthType {
        /// Least.
        Low = "Low",
        /// Medium.
        Mid = "Mid",
        /// Strong.
        High = "High",
        /// Stronger still.
        Ultra = "Ultra",
        /// Most.
        Max = "Max",
    }
}

open_enum! {
    /// How a variation was made out of its image.
    VariationType {
        /// Extended beyond the edges.
        Outpaint = "OUTPAINT",
        /// Filled in.
        Inpaint = "INPAINT",
        /// Enlarged.
        Upscale = "UPSCALE",
        /// Zoomed out.
        Unzoom = "UNZOOM",
        /// Its background removed.
        Nobg = "NOBG",
    }
    default = Self::Unknown(String::new());
}

open_enum! {
    /// What a cost is counted in.
    CostUnit {
        /// API credits.
        Credits = "CREDITS",
        /// US dollars; only for accounts that pay as they go.
        Dollars = "DOLLARS",
    }
    default = Self::Unknown(String::new());
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! round_trips {
        ($($name:ident $count:literal),+) => {$(
            assert_eq!($name::VALUES.len(), $count);
            for &wire in $name::VALUES {
                let value = $name::from(wire);
                assert!(!matches!(value, $name::Unknown(_)), "{wire}");
                assert_eq!((value.as_str(), value.to_string().as_str()), (wire, wire));
                assert_eq!($name::from(wire.to_owned()), value);
            }
            assert_eq!($name::from("NEW"), $name::Unknown("NEW".to_owned()));
            assert_eq!($name::from("NEW".to_owned()).as_str(), "NEW");
        )+};
    }

    #[test]
    fn every_value_goes_there_and_back() {
        round_trips!(
            JobStatus 3, PresetStyle 31, SdVersion 11, Scheduler 7, ControlnetType 3, CanvasRequestType 4,
            Transparency 2, InitImageType 2, StrengthType 5, VariationType 5, CostUnit 2
        );
        assert_eq!(JobStatus::default().as_str(), "");
        assert_eq!(PresetStyle::default().as_str(), "DYNAMIC");
    }

    #[cfg(feature = "models")]
    #[test]
    fn json() {
        assert_eq!(serde_json::to_string(&PresetStyle::Render3d).unwrap(), r#""RENDER_3D""#);
        let known: SdVersion = serde_json::from_str(r#""v1_5""#).unwrap();
        assert_eq!(known, SdVersion::V1_5);
        let escaped: SdVersion = serde_json::from_str(r#""v\u0031_5""#).unwrap();
        assert_eq!(escaped, SdVersion::V1_5);
        let value: SdVersion = serde_json::from_value("V9".into()).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), r#""V9""#);
        assert!(serde_json::from_str::<SdVersion>("3").is_err());
        assert!(serde_json::from_str::<SdVersion>("null").is_err());
    }
}
