console.log("bitkiln");
